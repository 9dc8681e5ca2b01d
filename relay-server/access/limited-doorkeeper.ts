import type { AddressLimits } from './address-limits.ts';
import type { Admission, Doorkeeper } from './room-grant.ts';

const TOO_MANY = 'Too many tokens that this relay does not know came from your network. Try again later.';

/** A doorkeeper that does not go on checking what an address shows once it has shown too much that is forged. */
export class LimitedDoorkeeper implements Doorkeeper {
  private readonly inner: Doorkeeper;
  private readonly limits: AddressLimits;

  constructor(inner: Doorkeeper, limits: AddressLimits) {
    this.inner = inner;
    this.limits = limits;
  }

  async admit(token: string, room: string, ipAddress?: string): Promise<Admission> {
    if (ipAddress === undefined) return this.inner.admit(token, room);
    const retryAfterMs = await this.limits.failureWaitMs(ipAddress);
    if (retryAfterMs > 0) return { kind: 'refused', closeCode: 1013, explanation: TOO_MANY, retryAfterMs };
    const admission = await this.inner.admit(token, room);
    if (admission.kind === 'refused' && admission.isGuess) await this.limits.noteFailure(ipAddress);
    return admission;
  }
}
