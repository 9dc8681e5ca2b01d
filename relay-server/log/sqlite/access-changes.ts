import { type AccessChange, type AccessKey, type ClosedLink, MAX_TOKEN_AGE_MS } from '../access-directory.ts';
import { changeSettings, encodeSettings, toClosedLink, toSettings } from '../access-rows.ts';
import type { ClosedReason } from '../room-directory.ts';
import type { AccessStatements } from './access-statements.ts';

/** What a change has closed, and why. */
export interface Closings {
  readonly closedLinks: readonly ClosedLink[];
  readonly reason: ClosedReason;
}

const NONE: Closings = { closedLinks: [], reason: 'all-removed' };

/** Makes a change of a room's access, within a transaction. */
export function applyChange(
  statements: AccessStatements,
  { tenant, room }: AccessKey,
  change: AccessChange,
  nowMs: number,
): Closings {
  const closeLinksOf = (subject: string, reason: ClosedReason): Closings => {
    const rows = statements.closeLinksOf.all(nowMs, reason, tenant, room, subject);
    return { closedLinks: rows.map(toClosedLink), reason };
  };
  switch (change.kind) {
    case 'add-link':
      statements.addLink({ ...change.link, tenant, room });
      return NONE;
    case 'revoke-link':
      statements.revokeLink.run(nowMs, tenant, room, change.linkId);
      return NONE;
    case 'revoke-subject':
      statements.revokeSubject.run(tenant, room, change.subject, nowMs);
      return closeLinksOf(change.subject, 'person-removed');
    case 'revoke-lineage':
      statements.forgetLineages.run(tenant, room, nowMs - MAX_TOKEN_AGE_MS);
      statements.revokeLineage.run(tenant, room, change.lineageId, nowMs);
      return NONE;
    case 'revoke-all':
      return revokeAll(statements, { tenant, room }, nowMs);
    case 'set-role':
      if (change.role === undefined) statements.removeRole.run(tenant, room, change.subject);
      else statements.setRole.run(tenant, room, change.subject, change.role);
      return change.closesLinks ? closeLinksOf(change.subject, 'role-lowered') : NONE;
    case 'set-settings': {
      const before = statements.findAccess.get(tenant, room)?.settings;
      statements.setSettings.run(tenant, room, changeSettings(before, change.settings));
      return NONE;
    }
    case 'touch':
      return NONE;
  }
}

function revokeAll(statements: AccessStatements, { tenant, room }: AccessKey, nowMs: number): Closings {
  const reason = 'all-removed';
  statements.revokeAllLinks.run(nowMs, tenant, room);
  const rows = statements.closeOtherLinks.all(nowMs, reason, tenant, room);
  // A token of this very millisecond was issued before.
  statements.setRevokedBefore.run(tenant, room, encodeSettings(toSettings(undefined)), nowMs + 1);
  return { closedLinks: rows.map(toClosedLink), reason };
}
