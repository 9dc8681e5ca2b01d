import { type Disposable, type Scheduler, scheduleEvery } from '../lifecycle/index.ts';

const BEAT_MS = 2_000;
/** Less is taken for a busy device. */
const ASLEEP_MS = 10_000;

/**
 * Notices that the device or the process was asleep, where nothing else tells: the clock is ahead of the time that was
 * counted, or a beat comes late. A clock that is set forward looks the same.
 */
export class WakeWatch implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly beats: Disposable;
  private clockMs: number;
  private elapsedMs: number;

  constructor(scheduler: Scheduler, onWake: () => void) {
    this.scheduler = scheduler;
    this.clockMs = scheduler.now();
    this.elapsedMs = scheduler.elapsedMs();
    this.beats = scheduleEvery(
      scheduler,
      () => {
        if (this.wasAsleep()) onWake();
      },
      BEAT_MS,
    );
  }

  private wasAsleep(): boolean {
    const clockMs = this.scheduler.now();
    const elapsedMs = this.scheduler.elapsedMs();
    const countedMs = elapsedMs - this.elapsedMs;
    const uncountedMs = clockMs - this.clockMs - countedMs;
    this.clockMs = clockMs;
    this.elapsedMs = elapsedMs;
    return uncountedMs > ASLEEP_MS || countedMs - BEAT_MS > ASLEEP_MS;
  }

  dispose(): void {
    this.beats.dispose();
  }
}
