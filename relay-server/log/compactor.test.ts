import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as Y from 'yjs';
import { expect, it, onTestFinished } from 'vitest';
import { createTypist } from '../testing/raw-client.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { Compactor } from './compactor.ts';
import { FolderSnapshotStore } from './folder.ts';
import { createSnapshotInThread } from './snapshot-thread.ts';
import { openSqliteStorage } from './sqlite.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };

function setUp(createSnapshot = createSnapshotInThread) {
  const folder = temporaryFolder();
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  const snapshots = new FolderSnapshotStore(join(folder, 'snapshots'));
  const problems: unknown[] = [];
  const services = { log: storage.log, snapshots, reportProblem: (error: unknown) => problems.push(error) };
  const compactor = new Compactor(services, { afterUpdates: 3, afterBytes: 1e6, createSnapshot });
  onTestFinished(() => {
    compactor.dispose();
    storage.dispose();
  });
  let clientSeq = 0;
  const append = async (payload: Uint8Array) => {
    const session = { subject: 's', sessionId: 'i' };
    const updates = [{ session, clientSeq: ++clientSeq, name: 'n', timeMs: 1, payload }];
    await storage.log.append([{ key: KEY, epochWhenNew: 'e', updates }]);
    compactor.noteGrowth(KEY, 1, payload.byteLength);
    await compactor.settled();
  };
  const files = () =>
    readdirSync(join(folder, 'snapshots'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .length;
  return { storage, snapshots, problems, append, files };
}

it('makes a snapshot in a thread when a document has grown, and replaces the one before', async () => {
  const { storage, snapshots, problems, append, files } = setUp();
  const typist = createTypist(1);
  for (const word of ['one ', 'two ']) await append(typist.type(word));
  expect(await storage.log.readDocument(KEY)).toMatchObject({ snapshot: undefined });
  await append(typist.type('three '));
  expect(await storage.log.readDocument(KEY)).toMatchObject({ headSeq: 3, snapshot: { seq: 3 } });
  for (const word of ['four ', 'five ', 'six']) await append(typist.type(word));
  const record = await storage.log.readDocument(KEY);
  expect(record?.snapshot?.seq).toBe(6);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, await snapshots.read(KEY, record?.snapshot?.snapshotId ?? ''));
  expect(doc.getText('content').toString()).toBe('one two three four five six');
  expect(files()).toBe(1);
  expect(problems).toEqual([]);
});

it('keeps what is still missing its predecessors', async () => {
  const { storage, snapshots, append } = setUp();
  const typist = createTypist(1);
  const [first, second, third] = [typist.type('a'), typist.type('b'), typist.type('c')];
  for (const payload of [third, second, createTypist(2).type('z')]) await append(payload);
  const record = await storage.log.readDocument(KEY);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, await snapshots.read(KEY, record?.snapshot?.snapshotId ?? ''));
  Y.applyUpdate(doc, first);
  expect(doc.getText('content').toString()).toContain('abc');
});

it('reports what it cannot merge; the log is not touched', async () => {
  const { storage, problems, append } = setUp();
  for (let count = 0; count < 3; count++) await append(new Uint8Array([7, 7, 7]));
  expect(problems).toHaveLength(1);
  expect(await storage.log.readDocument(KEY)).toMatchObject({ headSeq: 3, snapshot: undefined });
});
