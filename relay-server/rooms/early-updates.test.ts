import { expect, it } from 'vitest';
import { EarlyUpdates } from './early-updates.ts';

it('[LM3] keeps no more of what was read with an update than the update', () => {
  const early = new EarlyUpdates();
  const read = Buffer.alloc(64 * 1024, 7);
  const large = new Uint8Array(60_000);
  early.add(1, { clientSeq: 1, payload: read.subarray(100, 130) });
  early.add(1, { clientSeq: 2, payload: large });
  const [first, second] = early.take(1);
  expect(first?.payload).toEqual(new Uint8Array(30).fill(7));
  expect(first?.payload.buffer.byteLength).toBeLessThan(1_024);
  expect(second?.payload).toBe(large);
});
