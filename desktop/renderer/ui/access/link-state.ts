import type { ClosedReason, RoomLink } from '../../../../shared/sync/administration/index.ts';
import { describeDistance } from './times.ts';

/** A link's state in words. */
export interface LinkState {
  /** Somebody can come by it. */
  readonly isOpen: boolean;
  readonly text: string;
}

const CLOSED_REASONS: Readonly<Record<ClosedReason, string>> = {
  'person-removed': 'somebody who came by it was removed',
  'role-lowered': 'somebody who came by it was given a lower role',
  'all-removed': 'everybody was removed',
};

/** Says whether somebody can come by a link, how long and how often, and why not. */
export function describeLinkState(link: RoomLink, nowMs: number): LinkState {
  const { expiresAtMs, maxUses, uses, closedAtMs, closedReason, revokedAtMs } = link;
  if (revokedAtMs !== undefined) {
    return { isOpen: false, text: `Revoked ${describeDistance(revokedAtMs, nowMs)}` };
  }
  if (closedAtMs !== undefined) {
    const why = closedReason === undefined ? 'nobody new can come by it' : CLOSED_REASONS[closedReason];
    return { isOpen: false, text: `Closed: ${why}. Those who came before may stay.` };
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
