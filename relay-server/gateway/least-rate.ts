import { type Scheduler, scheduleEvery, systemScheduler } from '../../shared/lifecycle/index.ts';

/** What a client has to send, or take, of a body at least. */
export interface LeastRate {
  readonly bytes: number;
  /** In each such span of time, the last one not counted. */
  readonly withinMs: number;
}

/** 512 bytes a second: a quarter of what the slowest line carries on which the app is of use. */
export const LEAST_RATE: LeastRate = { bytes: 15 * 1024, withinMs: 30_000 };

/** How long so many bytes take at most. */
export function longestMs(bytes: number, rate: LeastRate = LEAST_RATE): number {
  return Math.ceil(bytes / rate.bytes) * rate.withinMs;
}

/**
 * Calls `onTooSlow`, once, when `movedBytes`, the sum of what has moved, has not risen enough. Call the result to end the
 * watch.
 */
export function watchRate(
  rate: LeastRate,
  movedBytes: () => number,
  onTooSlow: () => void,
  scheduler: Scheduler = systemScheduler,
): () => void {
  let before = movedBytes();
  const watch = scheduleEvery(
    scheduler,
    () => {
      const now = movedBytes();
      if (now - before >= rate.bytes) before = now;
      else {
        watch.dispose();
        onTooSlow();
      }
    },
    rate.withinMs,
  );
  return () => watch.dispose();
}
