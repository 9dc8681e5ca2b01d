import { expect, it } from 'vitest';
import { SequenceWatch } from './sequence-watch.ts';

it('sees what is missing and what came twice, for each node', () => {
  const watch = new SequenceWatch();
  const note = (nodeId: string, series: number, sequence: number) => watch.note({ nodeId, series, sequence });
  expect(note('a', 1, 40)).toBe('contiguous');
  expect(note('a', 1, 41)).toBe('contiguous');
  expect(note('b', 1, 1)).toBe('contiguous');
  expect(note('a', 1, 41)).toBe('repeated');
  expect(note('a', 1, 43)).toBe('gap');
  expect(note('a', 1, 44)).toBe('contiguous');
  expect(note('a', 2, 1)).toBe('contiguous');
  expect(note('a', 1, 45)).toBe('repeated');
  expect(note('a', 4, 2)).toBe('gap');
  expect(note('b', 1, 2)).toBe('contiguous');
});

it('remembers so many nodes and no more', () => {
  const watch = new SequenceWatch();
  watch.note({ nodeId: 'old', series: 1, sequence: 1 });
  for (let index = 0; index < 10_000; index++) watch.note({ nodeId: `garbage-${index}`, series: 1, sequence: 9 });
  expect(watch.note({ nodeId: 'old', series: 1, sequence: 5 })).toBe('contiguous');
});
