import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type { Egress } from './egress.ts';

/** From here on live edits are left out; the client fetches them from the log when it reads again. */
const LAGGING_BYTES = 1024 * 1024;
const CAUGHT_UP_BYTES = 128 * 1024;
const HOPELESS_BYTES = 8 * 1024 * 1024;
/** Two of the largest messages. */
const HOPELESS_BULK_BYTES = 64 * 1024 * 1024;
const HOPELESS_MS = 30_000;

/** Watches how well a client reads. */
export class SlowReader {
  private readonly egress: Egress;
  private readonly scheduler: Scheduler;
  private laggingSinceMs: number | undefined;
  private lowestBytes = 0;

  constructor(egress: Egress, scheduler: Scheduler) {
    this.egress = egress;
    this.scheduler = scheduler;
  }

  get isLagging(): boolean {
    return this.laggingSinceMs !== undefined;
  }

  /** Call after each change of what waits. `recovered`: what was left out can be fetched now. */
  assess(): 'fine' | 'lagging' | 'recovered' | 'hopeless' {
    const { liveBacklogBytes, backlogBytes } = this.egress;
    if (liveBacklogBytes > HOPELESS_BYTES || backlogBytes > HOPELESS_BULK_BYTES) return 'hopeless';
    if (this.laggingSinceMs === undefined) {
      if (liveBacklogBytes <= LAGGING_BYTES) return 'fine';
      this.progressed(backlogBytes);
      return 'lagging';
    }
    if (liveBacklogBytes < CAUGHT_UP_BYTES) {
      this.laggingSinceMs = undefined;
      return 'recovered';
    }
    if (backlogBytes < this.lowestBytes) this.progressed(backlogBytes);
    return this.scheduler.now() - this.laggingSinceMs > HOPELESS_MS ? 'hopeless' : 'lagging';
  }

  private progressed(backlogBytes: number): void {
    this.laggingSinceMs = this.scheduler.now();
    this.lowestBytes = backlogBytes;
  }
}
