import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

it('[CC2] doubles the longest wait from 250 ms up to 30 s, and starts over when told', () => {
  const backoff = new Backoff(() => 0.999_999);
  const waits = Array.from({ length: 9 }, () => backoff.nextDelayMs());
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  backoff.reset();
  expect(backoff.nextDelayMs()).toBe(250);
});

it('[CC2] draws the wait from the whole range, after the hint', () => {
  const draws = [0, 0.5];
  const backoff = new Backoff(() => draws.shift() ?? 0);
  expect(backoff.nextDelayMs(1000)).toBe(1000);
  expect(backoff.nextDelayMs(1000)).toBe(1250);
});
