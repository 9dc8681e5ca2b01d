import { expect, it } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { buildHere, createWords, GRACE_MS, KEY, setUpCompactor } from '../testing/compactor-under-test.ts';
import { createTypist } from '../testing/raw-client.ts';

it('keeps a replaced snapshot for a while, and removes it then', async () => {
  const { append, advance, seqs, problems } = setUpCompactor();
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
  const { append, advance, seqs, scheduler } = setUpCompactor();
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
  const { append, restart, seqs } = setUpCompactor({ scheduler });
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
  const { storage, snapshots, problems, append, pointerOf, advance } = setUpCompactor({
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
  const { storage, snapshots, problems, append, advance, pointerOf, seqs } = setUpCompactor({
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
  const { storage, snapshots, problems, write, advance, start, compactors, pointerOf } = setUpCompactor({
    graceMs: 1_000,
  });
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
