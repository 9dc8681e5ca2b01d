import { type Disposable, type Scheduler, toDisposable } from '../lifecycle/index.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that moves only when told to; due timers run in order of their time, then of their creation. */
export class ManualScheduler implements Scheduler {
  private timers: Timer[] = [];
  private order = 0;
  private elapsed = 0;
  private clockMs: number;

  constructor(startMs = 1_700_000_000_000) {
    this.clockMs = startMs;
  }

  now(): number {
    return this.clockMs + this.elapsed;
  }

  elapsedMs(): number {
    return this.elapsed;
  }

  /** Sets the clock forward, or back by less than nothing, while no time passes. */
  jumpClock(ms: number): void {
    this.clockMs += ms;
  }

  schedule(task: () => void, delayMs: number): Disposable {
    const timer: Timer = { dueMs: this.elapsed + delayMs, order: this.order++, task: () => (entry.dispose(), task()) };
    const entry = toDisposable(() => {
      this.timers = this.timers.filter((other) => other !== timer);
    });
    this.timers.push(timer);
    return entry;
  }

  get pendingCount(): number {
    return this.timers.length;
  }

  /** Lets `ms` pass, running what falls due on the way. */
  advance(ms: number): void {
    const endMs = this.elapsed + ms;
    for (;;) {
      const next = this.findNext(endMs);
      if (!next) break;
      this.elapsed = next.dueMs;
      next.task();
    }
    this.elapsed = endMs;
  }

  private findNext(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.dueMs > endMs) continue;
      if (!next || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.order < next.order)) next = timer;
    }
    return next;
  }
}
