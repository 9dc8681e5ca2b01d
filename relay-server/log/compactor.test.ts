import { join } from 'node:path';
import * as Y from 'yjs';
import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { createTypist } from '../testing/raw-client.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import type { CreateSnapshot } from './compact-document.ts';
import { type CompactionOptions, Compactor } from './compactor.ts';
import { FolderSnapshotStore } from './folder.ts';
import { LogFailure } from './log-failure.ts';
import { SnapshotBuilder } from './snapshot-builder.ts';
import { readSnapshotUpdate } from './snapshot-format.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { openSqliteStorage } from './sqlite.ts';
import type { DocumentKey, UpdateLog } from './update-log.ts';

// A thread has to load Yjs first, which takes a while on a busy machine.
const TIMEOUT_MS = 30_000;
const KEY = { tenant: 't', room: 'r', document: 'd' };
const GRACE_MS = 600_000;

const buildHere: CreateSnapshot = async (pages) => {
  const builder = new SnapshotBuilder();
  for await (const page of pages) builder.add(page);
  return builder.finish();
};

interface SetUp extends Partial<CompactionOptions> {
  readonly scheduler?: ManualScheduler;
  readonly isInThread?: boolean;
  readonly wrapLog?: (log: UpdateLog) => UpdateLog;
  readonly wrap?: (store: SnapshotStore) => SnapshotStore;
}

function setUp(options: SetUp = {}) {
  const { scheduler = new ManualScheduler(), isInThread = false } = options;
  const { wrap = (store) => store, wrapLog = (log) => log } = options;
  const folder = temporaryFolder();
  const storage = openSqliteStorage(join(folder, 'relay.db'));
  const snapshots = new FolderSnapshotStore(join(folder, 'snapshots'));
  const problems: unknown[] = [];
  const start = () => {
    const reportProblem = (error: unknown) => problems.push(error);
    const services = { log: wrapLog(storage.log), snapshots: wrap(snapshots), scheduler, reportProblem };
    return new Compactor(services, {
      afterUpdates: 3,
      afterBytes: 1e9,
      graceMs: GRACE_MS,
      ...(!isInThread && { createSnapshot: buildHere }),
      ...options,
    });
  };
  const compactors = [start()];
  onTestFinished(() => {
    for (const compactor of compactors) compactor.dispose();
    storage.dispose();
  });
  const current = () => {
    const compactor = compactors.at(-1);
    if (!compactor) throw new Error('no compactor');
    return compactor;
  };
  let clientSeq = 0;
  const write = async (payloads: readonly Uint8Array[], key: DocumentKey = KEY) => {
    const session = { subject: 's', sessionId: 'i' };
    const updates = payloads.map((payload) => ({ session, clientSeq: ++clientSeq, name: 'n', timeMs: 1, payload }));
    await storage.log.append([{ key, epochWhenNew: 'e', updates }]);
    current().noteGrowth(
      key,
      payloads.length,
      payloads.reduce((sum, { byteLength }) => sum + byteLength, 0),
    );
  };
  const append = async (payloads: readonly Uint8Array[], key: DocumentKey = KEY) => {
    await write(payloads, key);
    await current().settled();
  };
  const advance = async (ms: number) => {
    scheduler.advance(ms);
    await current().settled();
  };
  const restart = () => {
    current().dispose();
    compactors.push(start());
  };
  const pointerOf = async (key: DocumentKey = KEY) => (await storage.log.readDocument(key))?.snapshot;
  const seqs = async () => (await snapshots.list(KEY)).map(({ seq }) => seq).sort((a, b) => a - b);
  return {
    storage,
    snapshots,
    scheduler,
    problems,
    write,
    append,
    advance,
    restart,
    start,
    compactors,
    pointerOf,
    seqs,
  };
}

function createWords() {
  const typist = createTypist(1);
  return (...words: string[]) => words.map((word) => typist.type(`${word} `));
}

function textOf(bytes: Uint8Array): string {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, bytes);
  return doc.getText('content').toString();
}

function withMethodsOf(log: UpdateLog): UpdateLog {
  return {
    maxConcurrentAppends: log.maxConcurrentAppends,
    append: (...parameters) => log.append(...parameters),
    readDocument: (...parameters) => log.readDocument(...parameters),
    readHeads: (...parameters) => log.readHeads(...parameters),
    readUpdates: (...parameters) => log.readUpdates(...parameters),
    readLastOfSession: (...parameters) => log.readLastOfSession(...parameters),
    settleEpoch: (...parameters) => log.settleEpoch(...parameters),
    replaceEpoch: (...parameters) => log.replaceEpoch(...parameters),
    setSnapshot: (...parameters) => log.setSnapshot(...parameters),
  };
}

it('lets what has just come go out first, and counts what comes meanwhile', async () => {
  const { write, advance, pointerOf, scheduler, compactors } = setUp({ delayMs: 2_000 });
  const typist = createTypist(1);
  await write(['a', 'b', 'c'].map((text) => typist.type(text)));
  await advance(1_999);
  expect(await pointerOf()).toBeUndefined();
  await write([typist.type('d')]);
  await advance(1);
  expect((await pointerOf())?.seq).toBe(4);
  await write(['e', 'f', 'g'].map((text) => typist.type(text)));
  compactors[0]?.dispose();
  expect(scheduler.pendingCount).toBe(0);
});

it('makes a snapshot in a thread when a document has grown', { timeout: TIMEOUT_MS }, async () => {
  const { storage, snapshots, problems, append, pointerOf } = setUp({ isInThread: true });
  const words = createWords();
  await append(words('one', 'two'));
  expect(await pointerOf()).toBeUndefined();
  await append(words('three'));
  expect(await storage.log.readDocument(KEY)).toMatchObject({ headSeq: 3, snapshot: { seq: 3 } });
  await append(words('four', 'five', 'six', 'seven'));
  const pointer = await pointerOf();
  expect(pointer?.seq).toBe(7);
  expect(textOf(readSnapshotUpdate(await snapshots.read(KEY, pointer?.snapshotId ?? '')))).toBe(
    'one two three four five six seven ',
  );
  expect(problems).toEqual([]);
});

it('keeps a replaced snapshot for a while, and removes it then', async () => {
  const { append, advance, seqs, problems } = setUp();
  const words = createWords();
  await append(words('a', 'b', 'c'));
  await append(words('d', 'e', 'f'));
  await advance(GRACE_MS / 2);
  await append(words('g', 'h', 'i'));
  expect(await seqs()).toEqual([3, 6, 9]);
  await advance(GRACE_MS / 2);
  expect(await seqs()).toEqual([6, 9]);
  await advance(GRACE_MS / 2);
  expect(await seqs()).toEqual([9]);
  expect(problems).toEqual([]);
});

it('also removes in time what comes in quick succession', async () => {
  const { append, advance, seqs, scheduler } = setUp();
  const words = createWords();
  for (let round = 0; round < 40; round++) {
    await append(words('a', 'b', 'c'));
    await advance(GRACE_MS / 20);
  }
  expect((await seqs()).length).toBeLessThan(30);
  for (let round = 0; round < 3; round++) await advance(GRACE_MS);
  expect(await seqs()).toEqual([120]);
  expect(scheduler.pendingCount).toBe(0);
});

it('finds by its age what an earlier process has left', async () => {
  const scheduler = new ManualScheduler(Date.now());
  const { append, restart, seqs } = setUp({ scheduler });
  const words = createWords();
  for (let round = 0; round < 3; round++) await append(words('a', 'b', 'c'));
  restart();
  await append(words('a', 'b', 'c'));
  expect(await seqs()).toEqual([3, 6, 9, 12]);
  restart();
  scheduler.advance(2 * GRACE_MS);
  await append(words('a', 'b', 'c'));
  // The last one was replaced only now.
  expect(await seqs()).toEqual([12, 15]);
});

it('never removes what the pointer names, also when another process made the same snapshot first', async () => {
  const { storage, snapshots, problems, append, pointerOf, advance } = setUp({
    createSnapshot: async (pages, signal) => {
      const bytes = await buildHere(pages, signal);
      const snapshotId = await snapshots.write(KEY, 3, bytes);
      await storage.log.setSnapshot(KEY, { seq: 3, snapshotId, byteLength: bytes.byteLength }, undefined);
      return bytes;
    },
  });
  await append(createWords()('one', 'two', 'three'));
  await advance(2 * GRACE_MS);
  expect(await snapshots.read(KEY, (await pointerOf())?.snapshotId ?? '')).not.toHaveLength(0);
  expect(problems).toEqual([]);
});

it('does not replace the newer snapshot of another process', async () => {
  let isFirst = true;
  const { storage, snapshots, problems, append, advance, pointerOf, seqs } = setUp({
    createSnapshot: async (pages, signal) => {
      if (!isFirst) return buildHere(pages, signal);
      isFirst = false;
      const snapshotId = await snapshots.write(KEY, 2, createTypist(8).type('z'));
      await storage.log.setSnapshot(KEY, { seq: 2, snapshotId, byteLength: 1 }, undefined);
      return buildHere(pages, signal);
    },
  });
  const words = createWords();
  await append(words('one', 'two', 'three'));
  expect(await pointerOf()).toMatchObject({ seq: 2 });
  await append(words('four', 'five', 'six'));
  expect(await pointerOf()).toMatchObject({ seq: 6 });
  await advance(GRACE_MS);
  // Also what this process had written in vain.
  expect(await seqs()).toEqual([6]);
  expect(problems).toEqual([]);
});

it('never points to a missing object while two processes compact one document', async () => {
  const { storage, snapshots, problems, write, advance, start, compactors, pointerOf } = setUp({ graceMs: 1_000 });
  const other = start();
  compactors.unshift(other);
  const words = createWords();
  for (let round = 0; round < 30; round++) {
    await write(words('a', 'b', 'c'));
    other.noteGrowth(KEY, 3, 9);
    await advance(round % 3 === 0 ? 1_000 : 300);
    await other.settled();
    const pointer = await pointerOf();
    expect(pointer).toBeDefined();
    expect(await snapshots.read(KEY, pointer?.snapshotId ?? '')).not.toHaveLength(0);
  }
  expect(await storage.log.readDocument(KEY)).toMatchObject({ headSeq: 90, snapshot: { seq: 90 } });
  expect(problems).toEqual([]);
});

it('ends what is at work when it is disposed, and reports nothing', { timeout: TIMEOUT_MS }, async () => {
  const { compactors, snapshots, problems, write, pointerOf } = setUp({ isInThread: true });
  await write(createWords()('one', 'two', 'three'));
  const [compactor] = compactors;
  await new Promise((resolve) => setImmediate(resolve));
  compactor?.dispose();
  await compactor?.settled();
  expect(problems).toEqual([]);
  expect(await snapshots.list(KEY)).toEqual([]);
  expect(await pointerOf()).toBeUndefined();
});

it('keeps what is still missing its predecessors', async () => {
  const { snapshots, append, pointerOf } = setUp();
  const typist = createTypist(1);
  const [first, second, third] = [typist.type('a'), typist.type('b'), typist.type('c')];
  await append([third, second, createTypist(2).type('z')]);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, readSnapshotUpdate(await snapshots.read(KEY, (await pointerOf())?.snapshotId ?? '')));
  Y.applyUpdate(doc, first);
  expect(doc.getText('content').toString()).toContain('abc');
});

it(
  'puts a document aside that cannot be compacted, says so once, and hurts no other',
  { timeout: TIMEOUT_MS },
  async () => {
    let attempts = 0;
    const { problems, append, pointerOf } = setUp({ isInThread: true });
    const counted = setUp({
      createSnapshot: (pages, signal) => {
        attempts++;
        return buildHere(pages, signal);
      },
    });
    await append([...createWords()('fine'), new Uint8Array([7, 7, 7]), ...createWords()('fine')]);
    const other = { ...KEY, document: 'other' };
    await append(createWords()('a', 'b', 'c'), other);
    expect(await pointerOf(other)).toMatchObject({ seq: 3 });
    expect(await pointerOf()).toBeUndefined();
    expect(problems).toMatchObject([
      {
        name: 'LogFailure',
        code: 'corrupted',
        message: expect.stringMatching(
          /document d in room r: .*update 2\..*repair --tenant t --room r --document d/,
        ) as unknown,
      },
    ]);
    // Tried again after twice the growth, then after four times.
    await counted.append([new Uint8Array([7, 7, 7]), ...createWords()('b', 'c')]);
    for (let count = 0; count < 6 + 12; count++) await counted.append(createWords()('more'));
    expect(attempts).toBe(3);
    // Merely opening it anew makes no difference.
    for (let count = 0; count < 50; count++) {
      counted.compactors[0]?.noteGrowth(KEY, 21, 100);
      await counted.compactors[0]?.settled();
    }
    expect(attempts).toBe(3);
    expect(counted.problems).toHaveLength(1);
  },
);

it('makes no snapshot over a gap in the log', async () => {
  const { problems, append, pointerOf } = setUp({
    wrapLog: (log) => ({
      ...withMethodsOf(log),
      readUpdates: async (...parameters) => (await log.readUpdates(...parameters)).filter(({ seq }) => seq !== 2),
    }),
  });
  await append(createWords()('a', 'b', 'c'));
  expect(problems).toMatchObject([
    { message: expect.stringContaining('Update 2 of the document d is missing') as unknown },
  ]);
  expect(await pointerOf()).toBeUndefined();
});

it('tries again later when the store fails, and says so once', async () => {
  let isDown = true;
  let attempts = 0;
  const { problems, append, advance, pointerOf } = setUp({
    wrap: (store) => ({
      read: (...parameters) => store.read(...parameters),
      list: (...parameters) => store.list(...parameters),
      remove: (...parameters) => store.remove(...parameters),
      async write(...parameters) {
        attempts++;
        if (isDown) throw new LogFailure('busy', 'the store is away');
        return store.write(...parameters);
      },
    }),
  });
  const other = { ...KEY, document: 'other' };
  await append(createWords()('a', 'b', 'c'));
  await append(createWords()('a', 'b', 'c'), other);
  for (let count = 0; count < 20; count++) await append(createWords()('more'));
  expect(attempts).toBe(2);
  await advance(5_000);
  expect(attempts).toBe(4);
  isDown = false;
  await advance(10_000);
  expect(await pointerOf()).toMatchObject({ seq: 23 });
  expect(await pointerOf(other)).toMatchObject({ seq: 3 });
  expect(problems).toMatchObject([{ message: 'the store is away' }]);
});

it('compacts a document that rests earlier than one that grows', async () => {
  const { append, advance, pointerOf } = setUp({
    afterUpdates: 100,
    atRest: { afterUpdates: 3, restMs: 2_000 },
  });
  const word = createWords();
  await append(word('a', 'b'));
  await advance(3_000);
  expect(await pointerOf()).toBeUndefined();
  await append(word('c'));
  await advance(1_500);
  await append(word('d'));
  await advance(1_500);
  expect(await pointerOf()).toBeUndefined();
  await advance(500);
  expect(await pointerOf()).toMatchObject({ seq: 4 });
  await append(word('e'));
  await advance(60_000);
  expect(await pointerOf()).toMatchObject({ seq: 4 });
});

it('lets large documents take one place less than there are', async () => {
  const releases: (() => void)[] = [];
  const { write, pointerOf, compactors } = setUp({
    maxConcurrent: 2,
    createSnapshot: async (pages, signal) => {
      const bytes = await buildHere(pages, signal);
      if (readSnapshotUpdate(bytes).byteLength > 1e6) await new Promise<void>((resolve) => releases.push(resolve));
      return bytes;
    },
  });
  const large = 'x'.repeat(3 * 1024 * 1024);
  const documents = ['large 1', 'large 2', 'large 3'].map((document) => ({ ...KEY, document }));
  for (const key of documents) await write(createWords()(large, large, large), key);
  await write(createWords()('a', 'b', 'c'));
  while (!(await pointerOf())) await new Promise((resolve) => setImmediate(resolve));
  expect(releases).toHaveLength(1);
  for (let count = 0; count < documents.length; count++) {
    while (releases.length === 0) await new Promise((resolve) => setImmediate(resolve));
    releases.shift()?.();
  }
  await compactors[0]?.settled();
  for (const key of documents) expect(await pointerOf(key)).toMatchObject({ seq: 3 });
});
