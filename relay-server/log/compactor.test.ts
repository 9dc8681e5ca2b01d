import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as Y from 'yjs';
import { expect, it, onTestFinished } from 'vitest';
import { createTypist } from '../testing/raw-client.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { type CompactionOptions, Compactor } from './compactor.ts';
import { createSnapshot } from './create-snapshot.ts';
import { FolderSnapshotStore } from './folder.ts';
import { createSnapshotInThread } from './snapshot-thread.ts';
import { openSqliteStorage } from './sqlite.ts';

// A thread has to load Yjs first, which takes a while on a busy machine.
const TIMEOUT_MS = 30_000;
const KEY = { tenant: 't', room: 'r', document: 'd' };

function setUp(makeSnapshot: CompactionOptions['createSnapshot'] = createSnapshotInThread) {
  const folder = temporaryFolder();
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  const snapshots = new FolderSnapshotStore(join(folder, 'snapshots'));
  const problems: unknown[] = [];
  const services = { log: storage.log, snapshots, reportProblem: (error: unknown) => problems.push(error) };
  const compactor = new Compactor(services, { afterUpdates: 3, afterBytes: 1e6, createSnapshot: makeSnapshot });
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
  return { compactor, storage, snapshots, problems, append, files };
}

it(
  'makes a snapshot in a thread when a document has grown, and keeps the one before until the next',
  { timeout: TIMEOUT_MS },
  async () => {
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
    expect(files()).toBe(2);
    for (const word of [' seven', ' eight', ' nine']) await append(typist.type(word));
    expect(files()).toBe(2);
    expect((await snapshots.list(KEY)).map(({ seq }) => seq).sort((a, b) => a - b)).toEqual([6, 9]);
    expect(problems).toEqual([]);
  },
);

it('never removes what the pointer names, also when another process made the same snapshot first', async () => {
  const { storage, snapshots, problems, append } = setUp(async (parts) => {
    const bytes = createSnapshot(parts);
    const snapshotId = await snapshots.write(KEY, 3, bytes);
    await storage.log.setSnapshot(KEY, { seq: 3, snapshotId, byteLength: bytes.byteLength });
    return bytes;
  });
  const typist = createTypist(1);
  for (const word of ['one ', 'two ', 'three']) await append(typist.type(word));
  const record = await storage.log.readDocument(KEY);
  expect(await snapshots.read(KEY, record?.snapshot?.snapshotId ?? '')).not.toHaveLength(0);
  expect(problems).toEqual([]);
});

it('keeps a newer snapshot of another process, and what that one replaced', async () => {
  let isFirst = true;
  const { storage, snapshots, problems, append } = setUp(async (parts) => {
    if (isFirst) {
      isFirst = false;
      const snapshotId = await snapshots.write(KEY, 8, new Uint8Array([8]));
      await storage.log.setSnapshot(KEY, { seq: 8, snapshotId, byteLength: 1 });
    }
    return createSnapshot(parts);
  });
  const typist = createTypist(1);
  for (const word of ['one ', 'two ', 'three']) await append(typist.type(word));
  const record = await storage.log.readDocument(KEY);
  expect(record?.snapshot?.seq).toBe(8);
  expect(await snapshots.read(KEY, record?.snapshot?.snapshotId ?? '')).toHaveLength(1);
  expect(problems).toEqual([]);
});

it('ends the thread that is at work when it is disposed, and reports nothing', { timeout: TIMEOUT_MS }, async () => {
  const ended: unknown[] = [];
  const { compactor, storage, snapshots, problems, append } = setUp((parts, signal) => {
    queueMicrotask(() => compactor.dispose());
    return createSnapshotInThread(parts, signal).catch((error: unknown) => {
      ended.push(error);
      throw error;
    });
  });
  const typist = createTypist(1);
  for (const word of ['one ', 'two ', 'three']) await append(typist.type(word));
  expect(ended).toMatchObject([{ message: expect.stringContaining('given up') as unknown }]);
  expect(problems).toEqual([]);
  expect(await snapshots.list(KEY)).toEqual([]);
  expect(await storage.log.readDocument(KEY)).toMatchObject({ headSeq: 3, snapshot: undefined });
});

it('starts no thread when the signal has aborted already', async () => {
  await expect(createSnapshotInThread([], AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
});

it('gives a thread no more memory than its limit', { timeout: TIMEOUT_MS }, async () => {
  const doc = new Y.Doc();
  const text = doc.getText('content');
  // Each at its front: they cannot be joined, so each is an object of its own.
  doc.transact(() => {
    for (let count = 0; count < 40_000; count++) text.insert(0, 'x');
  });
  const limits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 };
  const parts = [Y.encodeStateAsUpdate(doc)];
  await expect(createSnapshotInThread(parts, undefined, limits)).rejects.toMatchObject({
    code: 'ERR_WORKER_OUT_OF_MEMORY',
  });
});

it('keeps what is still missing its predecessors', { timeout: TIMEOUT_MS }, async () => {
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

it('reports what it cannot merge; the log is not touched', { timeout: TIMEOUT_MS }, async () => {
  const { storage, problems, append } = setUp();
  for (let count = 0; count < 3; count++) await append(new Uint8Array([7, 7, 7]));
  expect(problems).toHaveLength(1);
  expect(await storage.log.readDocument(KEY)).toMatchObject({ headSeq: 3, snapshot: undefined });
});
