import type { RoomLink } from '../../../../shared/sync/administration/index.ts';
import { describeDistance } from './times.ts';

/** A link's state in words. */
export interface LinkState {
  /** Somebody can come by it. */
  readonly isOpen: boolean;
  readonly text: string;
}

/** Says whether somebody can come by a link, how long and how often, and why not. */
export function describeLinkState(link: RoomLink, nowMs: number): LinkState {
  const { expiresAtMs, maxUses, uses, closedAtMs, revokedAtMs } = link;
  if (revokedAtMs !== undefined) {
    return { isOpen: false, text: `Revoked ${describeDistance(revokedAtMs, nowMs)}` };
  }
  if (closedAtMs !== undefined) {
    const text = 'Closed: somebody who came by it was removed. Those who came before may stay.';
    return { isOpen: false, text };
  }
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) {
    return { isOpen: false, text: `Expired ${describeDistance(expiresAtMs, nowMs)}` };
  }
  if (maxUses !== undefined && uses >= maxUses) {
    return { isOpen: false, text: `Used up: ${uses} of ${maxUses}` };
  }
  const used = maxUses === undefined ? `Used ${times(uses)}` : `Used ${uses} of ${times(maxUses)}`;
  const until = expiresAtMs === undefined ? 'does not expire' : `expires ${describeDistance(expiresAtMs, nowMs)}`;
  return { isOpen: true, text: `${used}, ${until}` };
}

function times(count: number): string {
  return count === 1 ? '1 time' : `${count} times`;
}
