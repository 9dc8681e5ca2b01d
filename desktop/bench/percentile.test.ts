import { expect, it } from 'vitest';
import { percentile } from './percentile.ts';

it('takes the nearest rank, whatever the order of the samples', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0, 0.5, 0.99, 1].map((share) => percentile(samples, share))).toEqual([1, 50, 99, 100]);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});
