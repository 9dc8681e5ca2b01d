import { expect, it } from 'vitest';
import { buildHere, createWords, KEY, setUpCompactor, withMethodsOf } from '../testing/compactor-under-test.ts';
import { LogFailure } from './log-failure.ts';

// A thread has to load Yjs first, which takes a while on a busy machine.
const TIMEOUT_MS = 30_000;

it('ends what is at work when it is disposed, and reports nothing', { timeout: TIMEOUT_MS }, async () => {
  const { compactors, snapshots, problems, write, pointerOf } = setUpCompactor({ isInThread: true });
  await write(createWords()('one', 'two', 'three'));
  const [compactor] = compactors;
  await new Promise((resolve) => setImmediate(resolve));
  compactor?.dispose();
  await compactor?.settled();
  expect(problems).toEqual([]);
  expect(await snapshots.list(KEY)).toEqual([]);
  expect(await pointerOf()).toBeUndefined();
});

it(
  'puts a document aside that cannot be compacted, says so once, and hurts no other',
  { timeout: TIMEOUT_MS },
  async () => {
    let attempts = 0;
    const { problems, append, pointerOf } = setUpCompactor({ isInThread: true });
    const counted = setUpCompactor({
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
  const { problems, append, pointerOf } = setUpCompactor({
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
  const { problems, append, advance, pointerOf } = setUpCompactor({
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
