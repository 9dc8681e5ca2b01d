import { type Disposable, toDisposable } from './disposable.ts';

/** Time and timers as a dependency, so that tests can drive both by hand. */
export interface Scheduler {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment: only for spans of time. A change of the clock does not touch it. */
  elapsedMs(): number;
  /** Runs `task` once after `delayMs`, unless the result is disposed before. */
  schedule(task: () => void, delayMs: number): Disposable;
}

declare function setTimeout(task: () => void, delayMs: number): unknown;
declare function clearTimeout(handle: unknown): void;
declare const performance: { now(): number };

/** The platform's clock and timers. */
export const systemScheduler: Scheduler = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
  schedule(task, delayMs) {
    const handle = setTimeout(() => {
      timer.dispose();
      task();
    }, delayMs);
    const timer = toDisposable(() => clearTimeout(handle));
    return timer;
  },
};

/** Repeats `task` every `periodMs` until disposed. */
export function scheduleEvery(scheduler: Scheduler, task: () => void, periodMs: number): Disposable {
  let pending: Disposable | undefined;
  const arm = () => {
    pending = scheduler.schedule(() => {
      arm();
      task();
    }, periodMs);
  };
  arm();
  return toDisposable(() => pending?.dispose());
}
