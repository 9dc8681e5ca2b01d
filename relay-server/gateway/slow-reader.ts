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
  private isBehind = false;
  private takenBytes = 0;
  private progressedAtMs: number;

  constructor(egress: Egress, scheduler: Scheduler) {
    this.egress = egress;
    this.scheduler = scheduler;
    this.progressedAtMs = scheduler.elapsedMs();
  }

  /** Whether a client must be watched. One that takes what it is sent needs no watching, and so no object for it. */
  static isNeededFor({ backlogBytes }: Egress): boolean {
    return backlogBytes > LAGGING_BYTES;
  }

  get isLagging(): boolean {
    return this.isBehind;
  }

  /** Call after each change of what waits. `recovered`: what was left out can be fetched now. */
  assess(): 'fine' | 'lagging' | 'recovered' | 'hopeless' {
    const { liveBacklogBytes, backlogBytes } = this.egress;
    if (liveBacklogBytes > HOPELESS_BYTES || backlogBytes > HOPELESS_BULK_BYTES) return 'hopeless';
    if (this.isStuck(backlogBytes)) return 'hopeless';
    if (!this.isBehind) {
      this.isBehind = liveBacklogBytes > LAGGING_BYTES;
      return this.isBehind ? 'lagging' : 'fine';
    }
    if (liveBacklogBytes >= CAUGHT_UP_BYTES) return 'lagging';
    this.isBehind = false;
    return 'recovered';
  }

  /** Whether much waits, in whatever lane, and the client has taken nothing for long. */
  private isStuck(backlogBytes: number): boolean {
    const { takenBytes } = this.egress;
    const nowMs = this.scheduler.elapsedMs();
    if (takenBytes > this.takenBytes || backlogBytes <= LAGGING_BYTES) {
      this.takenBytes = takenBytes;
      this.progressedAtMs = nowMs;
      return false;
    }
    return nowMs - this.progressedAtMs > HOPELESS_MS;
  }
}
