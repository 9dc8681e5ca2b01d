import { type Disposable, reportUnexpectedError, type Scheduler } from '../../shared/lifecycle/index.ts';

/** Somebody to whom something happens when nothing else does. */
export interface Watched {
  /** In `Scheduler.elapsedMs`. It may change at any time; see {@link Deadlines.noteEarlier}. */
  readonly dueAtMs: number;
  /** Called when `dueAtMs` has come, and again until it lies ahead. */
  onDue(nowMs: number): void;
}

/** Of many, some are always due soon. */
const MIN_INTERVAL_MS = 1_000;
/** Timers of longer delays would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Watches the deadlines of many with one timer: an idle connection has none of its own. Those that follow within a
 * second of others may be up to a second late.
 */
export class Deadlines {
  private readonly scheduler: Scheduler;
  private readonly watched = new Set<Watched>();
  private timer: Disposable | undefined;
  private timerAtMs = Infinity;
  private lookedAtMs = -Infinity;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  add(watched: Watched): void {
    this.watched.add(watched);
    this.noteEarlier(watched);
  }

  delete(watched: Watched): void {
    this.watched.delete(watched);
    if (this.watched.size === 0) this.endTimer();
  }

  /** Call it when `dueAtMs` may lie nearer than before. */
  noteEarlier({ dueAtMs }: Watched): void {
    const nowMs = this.scheduler.elapsedMs();
    const atMs = Math.max(dueAtMs, Math.min(this.lookedAtMs, nowMs) + MIN_INTERVAL_MS);
    if (atMs >= this.timerAtMs) return;
    this.endTimer();
    this.timerAtMs = atMs;
    const delayMs = Math.min(Math.max(atMs - nowMs, 0), MAX_DELAY_MS);
    this.timer = this.scheduler.schedule(() => this.look(), delayMs);
  }

  private look(): void {
    this.endTimer();
    const nowMs = this.scheduler.elapsedMs();
    this.lookedAtMs = nowMs;
    let next: Watched | undefined;
    let nextAtMs = Infinity;
    for (const watched of this.watched) {
      if (watched.dueAtMs <= nowMs) {
        callOnDue(watched, nowMs);
        if (!this.watched.has(watched)) continue;
      }
      const { dueAtMs } = watched;
      if (dueAtMs >= nextAtMs) continue;
      next = watched;
      nextAtMs = dueAtMs;
    }
    if (next) this.noteEarlier(next);
  }

  private endTimer(): void {
    this.timer?.dispose();
    this.timer = undefined;
    this.timerAtMs = Infinity;
  }
}

function callOnDue(watched: Watched, nowMs: number): void {
  try {
    watched.onDue(nowMs);
  } catch (error) {
    reportUnexpectedError(error);
  }
}
