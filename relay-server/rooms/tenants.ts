import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { type BucketSize, TokenBucket } from './token-bucket.ts';

/** What all people of one tenant may take of this node together. */
export interface TenantLimits {
  readonly connections: number;
  readonly updates: BucketSize;
  readonly updateBytes: BucketSize;
}

/** What one tenant takes of this node now. */
export class TenantUsage {
  private readonly updates: TokenBucket;
  private readonly updateBytes: TokenBucket;
  connections = 0;

  constructor(limits: TenantLimits, scheduler: Scheduler) {
    this.updates = new TokenBucket(limits.updates, scheduler);
    this.updateBytes = new TokenBucket(limits.updateBytes, scheduler);
  }

  /** Whether one more update of so many bytes is within the tenant's rate. */
  takeUpdate(byteLength: number): boolean {
    return this.updates.take(1) && this.updateBytes.take(byteLength);
  }
}

/** Keeps one tenant from taking a node from the others. */
export class Tenants {
  private readonly limits: TenantLimits;
  private readonly scheduler: Scheduler;
  private readonly usages = new Map<string, TenantUsage>();

  constructor(limits: TenantLimits, scheduler: Scheduler) {
    this.limits = limits;
    this.scheduler = scheduler;
  }

  isFull(tenant: string): boolean {
    return (this.usages.get(tenant)?.connections ?? 0) >= this.limits.connections;
  }

  /** Counts one more connection. */
  enter(tenant: string): TenantUsage {
    const usage = this.usages.get(tenant) ?? new TenantUsage(this.limits, this.scheduler);
    this.usages.set(tenant, usage);
    usage.connections++;
    return usage;
  }

  /** Ends what {@link Tenants.enter} began. */
  leave(tenant: string): void {
    const usage = this.usages.get(tenant);
    if (usage && --usage.connections === 0) this.usages.delete(tenant);
  }
}
