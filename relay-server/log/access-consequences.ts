import { isAtLeast } from '../../shared/access/index.ts';
import type { AccessChange, AuditEvent, ClosedLink, MemberRecord, RoomAccess } from './access-directory.ts';
import type { ClosedReason } from './room-directory.ts';

// What follows from a change of a room's access; the same whichever database has it.

const REASONS: Readonly<Record<ClosedReason, string>> = {
  'person-removed': 'somebody who came by it was removed',
  'role-lowered': 'the role of somebody who came by it was lowered',
  'all-removed': 'everybody but owners was removed',
};

/** Why links are closed to newcomers, in words that go on after a colon. */
export function describeClosing(reason: ClosedReason): string {
  return REASONS[reason];
}

/** The person whom a change is about. */
export function subjectOf(change: AccessChange): string | undefined {
  switch (change.kind) {
    case 'revoke-subject':
    case 'set-role':
      return change.subject;
    case 'set-settings':
      return change.settings.presenter;
    default:
      return undefined;
  }
}

/** Whether somebody may be out, or have less rights, after a change. */
export function takesAccess({ kind }: AccessChange): boolean {
  return kind === 'set-role' || kind.startsWith('revoke-');
}

/** Whether somebody can present: one of their sessions is still let in, and they may edit. */
export function mayPresent(access: RoomAccess, subject: string, sessions: readonly MemberRecord[]): boolean {
  if (access.revokedSubjects.has(subject)) return false;
  return sessions.some(({ role: ownRole, linkId, lineageId, lastSeenMs }) => {
    const role = access.roles.get(subject) ?? ownRole;
    if (!isAtLeast(role, 'editor') || access.revokedLineages.has(lineageId)) return false;
    if (linkId !== undefined && access.revokedLinks.has(linkId)) return false;
    return role === 'owner' || access.revokedBeforeMs === undefined || lastSeenMs >= access.revokedBeforeMs;
  });
}

/** Whether somebody who presents can do so no more after a change, which `access` has already. */
export function endsPresenting(
  change: AccessChange,
  access: RoomAccess,
  presenter: string,
  sessions: readonly MemberRecord[],
): boolean {
  if (sessions.length > 0) return !mayPresent(access, presenter, sessions);
  // Of whoever came just now nothing is noted yet.
  const role = access.roles.get(presenter) ?? (change.kind === 'revoke-all' ? 'viewer' : 'editor');
  return access.revokedSubjects.has(presenter) || !isAtLeast(role, 'editor');
}

/** What is noted besides the change itself, in the name of whoever has made it. */
export function noteConsequences(
  cause: AuditEvent | undefined,
  { closedLinks, reason, presenter }: { closedLinks: readonly ClosedLink[]; reason: ClosedReason; presenter?: string },
): AuditEvent[] {
  if (!cause) return [];
  const closings = closedLinks.map(({ linkId, role, label }): AuditEvent => {
    const link = [role, ...(label === '' ? [] : [label])].join(', ');
    return { ...cause, kind: 'link-closed', target: linkId, detail: `${link}: ${describeClosing(reason)}` };
  });
  if (presenter === undefined) return closings;
  const detail = JSON.stringify({ presenter: null });
  return [...closings, { ...cause, kind: 'settings-changed', target: presenter, detail }];
}
