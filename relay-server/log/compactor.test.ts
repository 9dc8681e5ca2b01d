import * as Y from 'yjs';
import { expect, it } from 'vitest';
import { buildHere, createWords, KEY, setUpCompactor, textOf } from '../testing/compactor-under-test.ts';
import { createTypist } from '../testing/raw-client.ts';
import { readSnapshotUpdate } from './snapshot-format.ts';

// A thread has to load Yjs first, which takes a while on a busy machine.
const TIMEOUT_MS = 30_000;

it('lets what has just come go out first, and counts what comes meanwhile', async () => {
  const { write, advance, pointerOf, scheduler, compactors } = setUpCompactor({ delayMs: 2_000 });
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
  const { storage, snapshots, problems, append, pointerOf } = setUpCompactor({ isInThread: true });
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

it('keeps what is still missing its predecessors', async () => {
  const { snapshots, append, pointerOf } = setUpCompactor();
  const typist = createTypist(1);
  const [first, second, third] = [typist.type('a'), typist.type('b'), typist.type('c')];
  await append([third, second, createTypist(2).type('z')]);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, readSnapshotUpdate(await snapshots.read(KEY, (await pointerOf())?.snapshotId ?? '')));
  Y.applyUpdate(doc, first);
  expect(doc.getText('content').toString()).toContain('abc');
});

it('compacts a document that rests earlier than one that grows', async () => {
  const { append, advance, pointerOf } = setUpCompactor({
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
  const { write, pointerOf, compactors } = setUpCompactor({
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
