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
  private nowMs: number;

  constructor(startMs = 1_700_000_000_000) {
    this.nowMs = startMs;
  }

  now(): number {
    return this.nowMs;
  }

  schedule(task: () => void, delayMs: number): Disposable {
    const timer: Timer = { dueMs: this.nowMs + delayMs, order: this.order++, task: () => (entry.dispose(), task()) };
    const entry = toDisposable(() => {
      this.timers = this.timers.filter((other) => other !== timer);
    });
    this.timers.push(timer);
    return entry;
  }

  get pendingCount(): number {
    return this.timers.length;
  }

  /** Moves the clock forward by `ms`, running what falls due on the way. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const next = this.findNext(endMs);
      if (!next) break;
      this.nowMs = next.dueMs;
      next.task();
    }
    this.nowMs = endMs;
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
