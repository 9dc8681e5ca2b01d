import { expect, it } from 'vitest';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { LogCursor } from './log-cursor.ts';

it('has no gap while everything comes in order', () => {
  const cursor = new LogCursor();
  cursor.add(1, 3);
  cursor.add(4, 4);
  expect([cursor.headSeq, cursor.latestSeq, cursor.gap]).toEqual([4, 4, undefined]);
});

it('names the lowest gap, and closes it', () => {
  const cursor = new LogCursor();
  cursor.add(1, 2);
  cursor.add(5, 6);
  cursor.add(9, 9);
  cursor.noteCommitted(12);
  expect([cursor.headSeq, cursor.gap]).toEqual([2, { from: 3, through: 4 }]);
  cursor.add(3, 4);
  expect([cursor.headSeq, cursor.gap]).toEqual([6, { from: 7, through: 8 }]);
  cursor.jumpTo(9);
  expect([cursor.headSeq, cursor.gap]).toEqual([9, { from: 10, through: 12 }]);
  cursor.add(10, 12);
  expect(cursor.gap).toBeUndefined();
});

it.each([1, 2, 3, 4, 5])('agrees with a plain set of numbers (seed %i)', (seed) => {
  const random = createSeededRandom(seed);
  const cursor = new LogCursor();
  const passedOn = new Set<number>();
  let latest = 0;
  for (let step = 0; step < 300; step++) {
    const from = 1 + random.below(150);
    const through = from + random.below(4);
    cursor.add(from, through);
    for (let seq = from; seq <= through; seq++) passedOn.add(seq);
    latest = Math.max(latest, through);
    let head = 0;
    while (passedOn.has(head + 1)) head++;
    let end = head + 1;
    while (end < latest && !passedOn.has(end + 1)) end++;
    expect(cursor.headSeq).toBe(head);
    expect(cursor.gap).toEqual(head === latest ? undefined : { from: head + 1, through: end });
  }
});
