import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { WorkspaceIndex } from '../../shared/workspace/index.ts';
import { FolderSnapshotStore } from '../log/folder.ts';
import { SnapshotBuilder } from '../log/snapshot-builder.ts';
import { openSqliteStorage } from '../log/sqlite.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { readSharedFiles } from './shared-files.ts';

const ROOM = { tenant: 't', room: 'r' };
const KEY = { ...ROOM, document: 'index' };

async function start() {
  const folder = temporaryFolder();
  const storage = openSqliteStorage(`${folder}/relay.db`);
  onTestFinished(() => storage.dispose());
  const { log } = storage;
  const snapshots = new FolderSnapshotStore(folder);
  let clientSeq = 0;
  const append = (payload: Uint8Array) => {
    const session = { subject: 's', sessionId: 'i' };
    const updates = [{ session, clientSeq: ++clientSeq, name: 'n', timeMs: 1, payload }];
    return log.append([{ key: KEY, epochWhenNew: 'e', updates }]);
  };
  const doc = new Y.Doc();
  const index = new WorkspaceIndex(doc, { random: Math.random, nowMs: Date.now });
  onTestFinished(() => index.dispose());
  const edit = async (change: () => void) => {
    const before = Y.encodeStateVector(doc);
    change();
    await append(Y.encodeStateAsUpdate(doc, before));
  };
  const compact = async () => {
    const builder = new SnapshotBuilder();
    builder.add([Y.encodeStateAsUpdate(doc)]);
    const snapshotId = await snapshots.write(KEY, clientSeq, builder.finish());
    await log.setSnapshot(KEY, { seq: clientSeq, snapshotId, byteLength: 1 }, undefined);
  };
  const pathOf = async (document: string) => {
    const files = await readSharedFiles({ log, snapshots }, ROOM);
    return files.find(({ fileId }) => fileId === document)?.path;
  };
  const addFile = async (path: string) => {
    const [fileId = ''] = index.reserveIds(1);
    await edit(() => index.add([{ fileId, path, eol: 'LF', bom: false, kind: 'text' }]));
    return fileId;
  };
  return { index, edit, append, compact, pathOf, addFile };
}

it('says where a file lies now, by snapshot and log', async () => {
  const { index, edit, compact, pathOf, addFile } = await start();
  expect(await pathOf('f')).toBeUndefined();
  const code = await addFile('src/a.ts');
  const plan = await addFile('secret/plan.md');
  expect([await pathOf(code), await pathOf(plan)]).toEqual(['src/a.ts', 'secret/plan.md']);
  await compact();
  await edit(() => index.update(code, { path: 'secret/a.ts' }));
  const later = await addFile('src/b.ts');
  expect([await pathOf(code), await pathOf(later)]).toEqual(['secret/a.ts', 'src/b.ts']);
  for (const document of ['index', 'comments', 'chat', 'unknown', 'view-x'])
    expect([document, await pathOf(document)]).toEqual([document, undefined]);
});

it('says that the list is damaged, with the command that checks it', async () => {
  const { append, pathOf } = await start();
  await append(Uint8Array.of(1, 2, 250, 9, 9));
  await expect(pathOf('f')).rejects.toMatchObject({
    name: 'LogFailure',
    code: 'corrupted',
    message: expect.stringContaining('"repair --tenant t --room r --document index"') as unknown,
  });
});
