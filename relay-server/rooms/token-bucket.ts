import type { Scheduler } from '../../shared/lifecycle/index.ts';

export interface BucketSize {
  readonly capacity: number;
  readonly refillPerSecond: number;
}

/** Limits a rate while allowing bursts. */
export class TokenBucket {
  private readonly size: BucketSize;
  private readonly scheduler: Scheduler;
  private available: number;
  private filledAtMs: number;

  constructor(size: BucketSize, scheduler: Scheduler) {
    this.size = size;
    this.scheduler = scheduler;
    this.available = size.capacity;
    this.filledAtMs = scheduler.elapsedMs();
  }

  /** Takes `amount` when there is that much, or when the bucket is full and can never hold more. */
  take(amount: number): boolean {
    const nowMs = this.scheduler.elapsedMs();
    const refill = (Math.max(0, nowMs - this.filledAtMs) / 1000) * this.size.refillPerSecond;
    this.available = Math.min(this.size.capacity, this.available + refill);
    this.filledAtMs = nowMs;
    if (amount > this.available && this.available < this.size.capacity) return false;
    this.available -= amount;
    return true;
  }
}
