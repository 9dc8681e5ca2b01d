import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { PARTIAL_PART_KEPT_MS, type PartialPartKey, PartialParts } from './partial-parts.ts';

const LIMITS = { total: 6, ofRoom: 4, each: 2 };
const SIZE_BYTES = 100_000;

function start() {
  const scheduler = new ManualScheduler();
  const parts = new PartialParts(LIMITS, scheduler);
  onTestFinished(() => parts.dispose());
  const keyOf = (part: number, subject = 'ana', room = 'r'): PartialPartKey => {
    return { tenant: 't', room, subject, blob: 'b', part, sha256: 'h', sizeBytes: SIZE_BYTES };
  };
  /** Begins one; `has` gives how much of one is there. */
  const begin = (...of: Parameters<typeof keyOf>) => parts.add(keyOf(...of), 0, new Uint8Array(10));
  const has = (...of: Parameters<typeof keyOf>) => {
    const taken = parts.add(keyOf(...of), SIZE_BYTES - 1, new Uint8Array(1));
    return taken.kind === 'elsewhere' ? taken.receivedBytes : NaN;
  };
  return { scheduler, parts, keyOf, begin, has };
}

it('puts pieces together, and is asked twice for the last one when it could not be stored', () => {
  const { parts, keyOf } = start();
  const bytes = new Uint8Array(SIZE_BYTES).map((_, index) => index % 251);
  const key = keyOf(0);
  for (const [from, to] of [
    [0, 10],
    [10, 40_000],
    [40_000, 99_999],
  ] as const)
    expect(parts.add(key, from, bytes.subarray(from, to))).toEqual({ kind: 'kept', receivedBytes: to });
  for (let attempt = 0; attempt < 2; attempt++) {
    const whole = parts.add(key, 99_999, bytes.subarray(99_999));
    expect(whole.kind === 'whole' && Buffer.from(whole.bytes).equals(bytes)).toBe(true);
  }
  expect(parts.add(key, 5, bytes.subarray(5, 6))).toEqual({ kind: 'elsewhere', receivedBytes: 99_999 });
  parts.drop(key);
  expect(parts.add(key, 5, bytes.subarray(5, 6))).toEqual({ kind: 'elsewhere', receivedBytes: 0 });
});

it('forgets the longest unused of a person, then of a room, then of all', () => {
  const { begin, has } = start();
  for (const part of [0, 1, 2]) begin(part);
  expect([has(0), has(1), has(2)]).toEqual([0, 10, 10]);
  for (const subject of ['ben', 'cleo', 'dan']) begin(0, subject);
  expect([has(1), has(2), has(0, 'ben'), has(0, 'cleo'), has(0, 'dan')]).toEqual([0, 10, 10, 10, 10]);
  // Rooms of other people, which push out what is older than they, and no more than they may have.
  for (const room of ['s', 'u', 'v']) begin(0, 'eve', room);
  expect([has(2), has(0, 'ben'), has(0, 'eve', 's'), has(0, 'eve', 'v')]).toEqual([0, 10, 10, 10]);
});

it('forgets what nobody goes on with', () => {
  const { parts, keyOf, begin, has, scheduler } = start();
  begin(0);
  scheduler.advance(PARTIAL_PART_KEPT_MS / 2);
  begin(1);
  scheduler.advance(PARTIAL_PART_KEPT_MS / 2);
  expect([has(0), has(1)]).toEqual([0, 10]);
  expect(parts.add(keyOf(1), 10, new Uint8Array(5))).toEqual({ kind: 'kept', receivedBytes: 15 });
  scheduler.advance(PARTIAL_PART_KEPT_MS);
  expect(has(1)).toBe(0);
});
