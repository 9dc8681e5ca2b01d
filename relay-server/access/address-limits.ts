import { isIPv6 } from 'node:net';
import { RateLimiterMemory } from 'rate-limiter-flexible';

export interface AddressLimitsOptions {
  /** Requests to the HTTP API that one address may make in a window. */
  readonly maxRequests: number;
  /**
   * Secrets and tokens that this relay does not know, and proposals that it refuses, which one address may send in a
   * window. Whoever joins shows good ones, so that an address that stands for a whole school does not come near it.
   */
  readonly maxFailures: number;
  readonly windowSeconds?: number;
}

export const DEFAULT_MAX_REQUESTS = 12_000;
export const DEFAULT_MAX_FAILURES = 120;
const WINDOW_SECONDS = 60;

/**
 * How often an address may try to come in. Each node counts for itself, in memory: with N nodes an address that is sent
 * to all of them has N times as much.
 */
export class AddressLimits {
  private readonly requests: RateLimiterMemory;
  private readonly failures: RateLimiterMemory;

  constructor({ maxRequests, maxFailures, windowSeconds = WINDOW_SECONDS }: AddressLimitsOptions) {
    this.requests = new RateLimiterMemory({ points: maxRequests, duration: windowSeconds, keyPrefix: '' });
    this.failures = new RateLimiterMemory({ points: maxFailures, duration: windowSeconds, keyPrefix: '' });
  }

  /** How long the address has to wait for having failed too often, in ms; 0: not at all. */
  async failureWaitMs(address: string): Promise<number> {
    const state = await this.failures.get(keyOf(address));
    return state && state.consumedPoints >= this.failures.points ? Math.max(1, state.msBeforeNext) : 0;
  }

  /** Counts a request; gives how long the address has to wait before it is answered, in ms. */
  async takeRequest(address: string): Promise<number> {
    const key = keyOf(address);
    const { consumedPoints, msBeforeNext } = await this.requests.penalty(key);
    if (consumedPoints > this.requests.points) return Math.max(1, msBeforeNext);
    return this.failureWaitMs(address);
  }

  /** The address has shown something that gives no right to anything, or proposed what is refused. */
  async noteFailure(address: string): Promise<void> {
    await this.failures.penalty(keyOf(address));
  }
}

/** Whoever has one IPv6 address usually has all of its /64. */
function keyOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':');
}
