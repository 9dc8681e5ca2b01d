import type { Role, RoomSettings } from '../../shared/access/index.ts';
import type { LinkRecord } from './room-directory.ts';

/** Names a room. */
export interface AccessKey {
  readonly tenant: string;
  readonly room: string;
}

/** What an owner has taken back or set for a room; the same for everybody, and small. */
export interface RoomAccess {
  /** Rises with every change of anything that owners see; 0 when nothing was ever changed. */
  readonly version: number;
  readonly settings: RoomSettings;
  /** Tokens issued before this are worth nothing, but owners' ones. */
  readonly revokedBeforeMs: number | undefined;
  readonly revokedLinks: ReadonlySet<string>;
  readonly revokedSubjects: ReadonlySet<string>;
  /** Lineages of tokens, as in {@link MemberRecord.lineageId}. */
  readonly revokedLineages: ReadonlySet<string>;
  /** In place of what their links say, by subject. */
  readonly roles: ReadonlyMap<string, Role>;
}

export type AccessChange =
  /** Everybody who came by the link goes, and nobody comes by it. */
  | { readonly kind: 'revoke-link'; readonly linkId: string }
  /** The person goes; nobody new comes by the link that they came by, while others who did may stay. */
  | { readonly kind: 'revoke-subject'; readonly subject: string }
  | { readonly kind: 'revoke-lineage'; readonly lineageId: string }
  /** Every link but owners' ones is revoked, and every token issued until now but owners' ones. */
  | { readonly kind: 'revoke-all' }
  /** Undefined: as the link says. `closesLinks`: nobody new comes by the links that they came by. */
  | {
      readonly kind: 'set-role';
      readonly subject: string;
      readonly role: Role | undefined;
      readonly closesLinks?: boolean;
    }
  | { readonly kind: 'set-settings'; readonly settings: RoomSettings }
  /** Something that owners see is new, such as a request to join. */
  | { readonly kind: 'touch' };

export const AUDIT_KINDS = [
  'room-created',
  'link-created',
  'link-revoked',
  'person-revoked',
  'session-revoked',
  'all-revoked',
  'role-changed',
  'settings-changed',
  'joined',
  'refused',
  'join-requested',
  'join-approved',
  'join-denied',
  'token-issued',
  'proposal-received',
  'proposal-applied',
  'proposal-dropped',
] as const;

export type AuditKind = (typeof AUDIT_KINDS)[number];

/** Something that happened to the access of a room. Never holds a secret or a token. */
export interface AuditEvent {
  readonly atMs: number;
  readonly kind: AuditKind;
  /** Who did it: a subject, `operator` for the command line, or empty when nobody is known. */
  readonly actor: string;
  readonly actorName: string;
  /** Whom or what it was about: a subject, link id, lineage id or proposal id; empty when it is the room. */
  readonly target: string;
  /** For people, at most 1,024 bytes. */
  readonly detail: string;
}

export interface AuditRecord extends AuditEvent {
  /** Counts the room's events from 1 without a gap. */
  readonly seq: number;
}

/** Somebody who was in the room. */
export interface MemberRecord {
  readonly subject: string;
  /** As shown last. */
  readonly name: string;
  /** As the token said last. */
  readonly role: Role;
  readonly linkId: string | undefined;
  /** All tokens that go back to one joining have the same; one device of one person. */
  readonly lineageId: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

export type JoinDecision = 'pending' | 'approved' | 'denied';

/** Somebody who wants to come by a link that needs an owner's approval. */
export interface JoinRequestRecord {
  readonly requestId: string;
  readonly linkId: string;
  /** The subject that they will be. */
  readonly subject: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly decision: JoinDecision;
}

export type ProposalState = 'open' | 'applied' | 'dropped';

/** Edits of somebody whose access was taken back before they arrived. */
export interface ProposalRecord {
  readonly proposalId: string;
  readonly subject: string;
  readonly name: string;
  readonly document: string;
  readonly createdAtMs: number;
  readonly bytes: number;
  readonly state: ProposalState;
}

export interface ProposalBounds {
  readonly maxRoomBytes: number;
  readonly maxSubjectBytes: number;
  readonly maxSubjectProposals: number;
}

/** A link as owners see it. */
export type ListedLink = Omit<LinkRecord, 'secretHash'>;

/**
 * Who may do what in the rooms, and what happened. Every method rejects with a `LogFailure`. Whatever changes something
 * that owners see raises the version of the room's access in the same transaction.
 */
export interface AccessDirectory {
  readAccess(key: AccessKey): Promise<RoomAccess>;
  /** The versions of several rooms, in their order. */
  readVersions(keys: readonly AccessKey[]): Promise<readonly number[]>;
  /** Makes the change and notes it, or neither. Resolves to the new version. `touch` needs no event. */
  change(key: AccessKey, change: AccessChange, event: AuditEvent | undefined): Promise<number>;

  /** All links of the room, newest first. */
  listLinks(key: AccessKey): Promise<readonly ListedLink[]>;

  /** Notes that somebody is in; a lineage that is known is updated. */
  recordMember(key: AccessKey, member: Omit<MemberRecord, 'firstSeenMs'>): Promise<void>;
  /** Everybody who was ever in, those seen last first; at most `limit`. */
  listMembers(key: AccessKey, limit: number): Promise<readonly MemberRecord[]>;

  /** The sessions of one person, or one session; those seen last first, at most 100. */
  findMembers(
    key: AccessKey,
    who: { readonly subject: string } | { readonly lineageId: string },
  ): Promise<readonly MemberRecord[]>;

  appendAudit(key: AccessKey, events: readonly AuditEvent[]): Promise<void>;
  /** Newest first, those with a number below `beforeSeq` when it is given. */
  listAudit(
    key: AccessKey,
    page: { readonly beforeSeq?: number; readonly limit: number },
  ): Promise<readonly AuditRecord[]>;

  /** `requestHash` is the SHA-256 of what the requester keeps to ask again. False when the room has `maxPending` already. */
  addJoinRequest(
    key: AccessKey,
    request: Omit<JoinRequestRecord, 'decision'>,
    requestHash: Uint8Array,
    maxPending: number,
  ): Promise<boolean>;
  findJoinRequest(key: AccessKey, requestHash: Uint8Array): Promise<JoinRequestRecord | undefined>;
  listJoinRequests(key: AccessKey): Promise<readonly JoinRequestRecord[]>;
  /** False when it is not pending any more. */
  decideJoinRequest(
    key: AccessKey,
    requestId: string,
    decision: Exclude<JoinDecision, 'pending'>,
    event: AuditEvent,
  ): Promise<boolean>;

  /** False when it would exceed the bounds; those that are settled do not count. */
  addProposal(
    key: AccessKey,
    proposal: Omit<ProposalRecord, 'state' | 'bytes'>,
    update: Uint8Array,
    bounds: ProposalBounds,
    event: AuditEvent,
  ): Promise<boolean>;
  /** The open ones, oldest first. */
  listProposals(key: AccessKey): Promise<readonly ProposalRecord[]>;
  readProposal(key: AccessKey, proposalId: string): Promise<Uint8Array | undefined>;
  /** False when it is not open any more. Its content is kept until it is settled, and then forgotten. */
  settleProposal(
    key: AccessKey,
    proposalId: string,
    state: Exclude<ProposalState, 'open'>,
    event: AuditEvent,
  ): Promise<boolean>;
}
