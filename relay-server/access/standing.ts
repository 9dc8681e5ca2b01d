import { type DocumentAccess, documentAccess, type Role } from '../../shared/access/index.ts';
import type { RoomAccess } from '../log/access-directory.ts';
import type { RoomGrant, Standing } from './room-grant.ts';

export type { Standing } from './room-grant.ts';

export type StandingVerdict =
  | { readonly kind: 'admitted'; readonly standing: Standing }
  | { readonly kind: 'revoked'; readonly explanation: string };

/** What a grant is worth in the light of what owners have taken back and set. The one place where that is decided. */
export function standingOf(grant: RoomGrant, access: RoomAccess): StandingVerdict {
  const explanation = whyRevoked(grant, access);
  if (explanation !== undefined) return { kind: 'revoked', explanation };
  const { presenter, chat } = access.settings;
  const role = access.roles.get(grant.subject) ?? grant.role;
  const isWatching = presenter !== undefined && presenter !== grant.subject;
  return {
    kind: 'admitted',
    standing: {
      role,
      writesAs: isWatching ? 'viewer' : role,
      chat,
      presenter,
      explanation: isWatching
        ? 'Somebody is presenting: only they can edit for now.'
        : role === grant.role
          ? ''
          : `An owner of the room made you ${describeRole(role)}.`,
    },
  };
}

/** What somebody of this standing may do with a document. */
export function accessTo({ writesAs, chat }: Standing, document: string): DocumentAccess {
  return documentAccess(writesAs, document, chat);
}

function whyRevoked(grant: RoomGrant, access: RoomAccess): string | undefined {
  if (access.revokedSubjects.has(grant.subject)) {
    return 'Your access was taken back by an owner of the room. Ask them for a new link.';
  }
  if (access.revokedLineages.has(grant.lineageId)) {
    return 'This session was ended by an owner of the room. Ask them for a new link.';
  }
  if (grant.linkId !== undefined && access.revokedLinks.has(grant.linkId)) {
    return 'The share link was taken back. Ask for a new one.';
  }
  // Who was an owner and is none any more goes as well.
  const role = access.roles.get(grant.subject) ?? grant.role;
  if (role !== 'owner' && access.revokedBeforeMs !== undefined && grant.issuedAtMs < access.revokedBeforeMs) {
    return 'Everybody’s access was taken back by an owner of the room. Ask them for a new link.';
  }
  return undefined;
}

function describeRole(role: Role): string {
  return role === 'owner' || role === 'editor' ? `an ${role}` : `a ${role}`;
}
