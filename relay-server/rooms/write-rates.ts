import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { type BucketSize, TokenBucket } from './token-bucket.ts';

/** How fast one connection may write. */
export interface ParticipantLimits {
  readonly updates: BucketSize;
  readonly updateBytes: BucketSize;
}

/** What one connection writes, which is nothing until its first update. */
export class WriteRates {
  private readonly updates: TokenBucket;
  private readonly updateBytes: TokenBucket;

  constructor(limits: ParticipantLimits, scheduler: Scheduler) {
    this.updates = new TokenBucket(limits.updates, scheduler);
    this.updateBytes = new TokenBucket(limits.updateBytes, scheduler);
  }

  /** Whether an update is within what the connection may write. */
  take(byteLength: number): boolean {
    return this.updates.take(1) && this.updateBytes.take(byteLength);
  }
}
