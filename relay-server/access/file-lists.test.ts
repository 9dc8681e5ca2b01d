import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import * as Y from 'yjs';
import { INDEX_DOCUMENT, WorkspaceIndex } from '../../shared/workspace/index.ts';
import { FolderSnapshotStore } from '../log/folder.ts';
import { LogFailure } from '../log/log-failure.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { FileLists } from './file-lists.ts';

const SESSION = { subject: 'ana', sessionId: 's' };

function setUp() {
  const folder = temporaryFolder();
  const { log, dispose } = openSqliteStorage(join(folder, 'relay.db'));
  onTestFinished(dispose);
  const reads = vi.spyOn(log, 'readUpdates');
  const lists = new FileLists({ log, snapshots: new FolderSnapshotStore(join(folder, 'snapshots')) });
  let clientSeq = 0;
  /** Adds a file to the room. */
  const add = async (room: string, path: string) => {
    const doc = new Y.Doc();
    const index = new WorkspaceIndex(doc, { random: Math.random, nowMs: Date.now });
    index.add([{ path, eol: 'LF', bom: false, kind: 'text' }]);
    index.dispose();
    const payload = Y.encodeStateAsUpdate(doc);
    const update = { session: SESSION, clientSeq: ++clientSeq, name: 'Ana', timeMs: 1, payload };
    await log.append([{ key: { tenant: 't', room, document: INDEX_DOCUMENT }, epochWhenNew: 'e', updates: [update] }]);
  };
  const pathsIn = async (room: string) => (await lists.read({ tenant: 't', room })).map(({ path }) => path).toSorted();
  return { add, pathsIn, reads };
}

it('reads a list once however many ask, anew only when it has changed', async () => {
  const { add, pathsIn, reads } = setUp();
  expect(await pathsIn('r')).toEqual([]);
  await add('r', 'a.ts');
  expect(await Promise.all([pathsIn('r'), pathsIn('r')])).toEqual([['a.ts'], ['a.ts']]);
  expect(await pathsIn('r')).toEqual(['a.ts']);
  expect(reads).toHaveBeenCalledTimes(1);
  await add('r', 'b.ts');
  expect(await pathsIn('r')).toEqual(['a.ts', 'b.ts']);
  expect(reads).toHaveBeenCalledTimes(2);
});

it('reads it again after it could not be read', async () => {
  const { add, pathsIn, reads } = setUp();
  await add('r', 'a.ts');
  reads.mockRejectedValueOnce(new LogFailure('busy', 'away'));
  await expect(pathsIn('r')).rejects.toThrow('away');
  expect(await pathsIn('r')).toEqual(['a.ts']);
});

it('keeps the lists of the rooms that were asked for last', async () => {
  const { add, pathsIn, reads } = setUp();
  for (let room = 0; room < 33; room++) {
    await add(`r${room}`, 'a.ts');
    await pathsIn(`r${room}`);
  }
  await pathsIn('r32');
  expect(reads).toHaveBeenCalledTimes(33);
  await pathsIn('r0');
  expect(reads).toHaveBeenCalledTimes(34);
});
