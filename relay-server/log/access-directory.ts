import type { Role, RoomSettings } from '../../shared/access/index.ts';
import type { LinkRecord, NewLink } from './room-directory.ts';

/** Names a room. */
export interface AccessKey {
  readonly tenant: string;
  readonly room: string;
}

/** No token counts longer after it was issued, for anything; what is there because of a token is kept as long. */
export const MAX_TOKEN_AGE_MS = 366 * 24 * 3600_000;
/** Who was given a token by a link and never came in is forgotten after so long. */
export const NEWCOMER_KEPT_MS = 24 * 3600_000;
/** Who waits to be let in asks again and again; who has not for so long waits no more. */
export const JOIN_REQUEST_IDLE_MS = 2 * 60_000;
/** A request that was decided is forgotten so long after it was made. */
export const JOIN_DECISION_KEPT_MS = 7 * 24 * 3600_000;

/** What an owner has taken back or set for a room; the same for everybody, and small. */
export interface RoomAccess {
  /** Rises with every change of anything that owners see; 0 when nothing was ever changed. */
  readonly version: number;
  readonly settings: RoomSettings;
  /** Tokens issued before this are worth nothing, but owners' ones. */
  readonly revokedBeforeMs: number | undefined;
  readonly revokedLinks: ReadonlySet<string>;
  readonly revokedSubjects: ReadonlySet<string>;
  /** Lineages of tokens, as in {@link MemberRecord.lineageId}; forgotten after {@link MAX_TOKEN_AGE_MS}. */
  readonly revokedLineages: ReadonlySet<string>;
  /** In place of what their links say, by subject. */
  readonly roles: ReadonlyMap<string, Role>;
}

/** What becomes of a room's settings: what is left out stays as it is, whoever changes it meanwhile. */
export type SettingsChange = { readonly [K in keyof RoomSettings]?: RoomSettings[K] | undefined };

export type AccessChange =
  | { readonly kind: 'add-link'; readonly link: NewLink }
  /** Everybody who came by the link goes, and nobody comes by it. */
  | { readonly kind: 'revoke-link'; readonly linkId: string }
  /** The person goes; nobody new comes by the link that they came by, while others who did may stay. */
  | { readonly kind: 'revoke-subject'; readonly subject: string }
  | { readonly kind: 'revoke-lineage'; readonly lineageId: string }
  /**
   * Every token issued until now is worth nothing but owners' ones, and every link is revoked but owners' ones. A link
   * by which somebody came who was made an owner since is closed instead, so that this one may stay.
   */
  | { readonly kind: 'revoke-all' }
  /** Undefined: as the link says. `closesLinks`: nobody new comes by the links that they came by, whatever follows. */
  | {
      readonly kind: 'set-role';
      readonly subject: string;
      readonly role: Role | undefined;
      readonly closesLinks?: boolean;
    }
  | { readonly kind: 'set-settings'; readonly settings: SettingsChange }
  /** Something that owners see is new, such as a request to join. */
  | { readonly kind: 'touch' };

/** How things stand in the transaction of a change, before it is made. */
export interface AccessBefore {
  readonly access: RoomAccess;
  /** Of the person whom the change is about, those seen last first; none when it is about nobody. */
  readonly sessions: readonly MemberRecord[];
}

/** What is noted of a change. A function is called in its transaction; when it throws a `ChangeRefused`, nothing is done. */
export type Noting = AuditEvent | ((before: AccessBefore) => AuditEvent);

/** A link by which nobody new comes any more. */
export interface ClosedLink {
  readonly linkId: string;
  readonly role: Role;
  readonly label: string;
}

export interface ChangeOutcome {
  readonly version: number;
  /** Links that the change has closed. */
  readonly closedLinks: readonly ClosedLink[];
}

export const AUDIT_KINDS = [
  'room-created',
  'link-created',
  'link-revoked',
  'link-closed',
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
  /** For people. Cut to 1,024 bytes when it is stored; what could hide or turn around the rest is replaced. */
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
  /** Of the session that came in by it; undefined when none has. */
  readonly lineageId: string | undefined;
}

export type NewJoinRequest = Omit<JoinRequestRecord, 'decision' | 'lineageId'>;

export type ProposalState = 'open' | 'applied' | 'dropped';

/** What became of the same proposal earlier; or whether it would be taken. */
export type ProposalCheck = ProposalState | 'fits' | 'full';

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
  /** Of whom owners have dropped so many, nothing more is taken. */
  readonly maxSubjectDropped: number;
}

/** Who came into a room, and what happened in it. */
export interface RoomVisits {
  readonly key: AccessKey;
  readonly members: readonly Omit<MemberRecord, 'firstSeenMs'>[];
  readonly events: readonly AuditEvent[];
}

/** Somebody who is or was in the room. */
export interface PersonRecord {
  /** Of all sessions. */
  readonly firstSeenMs: number;
  /** At least one, those seen last first; at most {@link MAX_LISTED_SESSIONS}. */
  readonly sessions: readonly MemberRecord[];
}

/** A place in the list of a room's people. */
export interface PeopleCursor {
  readonly lastSeenMs: number;
  readonly lineageId: string;
}

export interface PeoplePage {
  readonly people: readonly PersonRecord[];
  /** Where it goes on; undefined at the end. */
  readonly next: PeopleCursor | undefined;
}

/** Sessions that are listed of one person. */
export const MAX_LISTED_SESSIONS = 20;

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
  /**
   * Makes the change and notes it, or neither. Who presents and may not edit any more presents no more. Links that are
   * closed, and the end of presenting, are noted as well when there is an event. Rejects with a `ChangeRefused` too.
   */
  change(key: AccessKey, change: AccessChange, noting: Noting | undefined): Promise<ChangeOutcome>;

  /** All links of the room, newest first. */
  listLinks(key: AccessKey): Promise<readonly ListedLink[]>;

  /**
   * Notes who is in, and what happened, in several rooms as one change. A lineage that is known is updated. Forgets
   * those who were not in for {@link MAX_TOKEN_AGE_MS}, or never for {@link NEWCOMER_KEPT_MS}.
   */
  recordVisits(rooms: readonly RoomVisits[]): Promise<void>;
  /**
   * Who was ever in, those seen last first. Without `after` the owners come first, then those who are `connected`, then
   * the others up to `limit`; later pages go on by when people were seen, and may have some of the first ones again.
   */
  listPeople(
    key: AccessKey,
    page: { readonly limit: number; readonly after?: PeopleCursor; readonly connected?: readonly string[] },
  ): Promise<PeoplePage>;

  /** The sessions of one person, or one session; those seen last first, at most 100. */
  findMembers(
    key: AccessKey,
    who: { readonly subject: string } | { readonly lineageId: string },
  ): Promise<readonly MemberRecord[]>;

  /** Newest first, those with a number below `beforeSeq` when it is given. */
  listAudit(
    key: AccessKey,
    page: { readonly beforeSeq?: number; readonly limit: number },
  ): Promise<readonly AuditRecord[]>;

  /**
   * `requestHash` is the SHA-256 of what the requester keeps to ask again. False when `maxPending` wait by the link
   * already. Forgets what is past {@link JOIN_REQUEST_IDLE_MS} and {@link JOIN_DECISION_KEPT_MS}.
   */
  addJoinRequest(
    key: AccessKey,
    request: NewJoinRequest,
    requestHash: Uint8Array,
    maxPending: number,
  ): Promise<boolean>;
  /** The requester asks again. Undefined when the request is not known, or they have not asked for too long. */
  pollJoinRequest(key: AccessKey, requestHash: Uint8Array, nowMs: number): Promise<JoinRequestRecord | undefined>;
  /** Those who wait, newest first; at most 1,000. */
  listJoinRequests(key: AccessKey, nowMs: number): Promise<readonly JoinRequestRecord[]>;
  /** False when it is not pending any more, or its requester has not asked for too long. */
  decideJoinRequest(
    key: AccessKey,
    requestId: string,
    decision: Exclude<JoinDecision, 'pending'>,
    noting: Noting,
  ): Promise<boolean>;
  /**
   * Somebody comes in by a request that was approved, which counts as a use of its link, once. Resolves to the lineage
   * of whoever came in by it: the given one the first time. Undefined when the request is not approved, or nobody new
   * can come by the link.
   */
  redeemJoinRequest(key: AccessKey, requestHash: Uint8Array, lineageId: string): Promise<string | undefined>;

  /** Whether a proposal of so many bytes would be taken; of those that are settled only the number of dropped counts. */
  checkProposal(
    key: AccessKey,
    proposal: Pick<ProposalRecord, 'proposalId' | 'subject' | 'bytes'>,
    bounds: ProposalBounds,
  ): Promise<ProposalCheck>;
  /**
   * What became of it: `open` when it is kept, `full` when it would exceed the bounds. One that is known is not added
   * again. Forgets what was settled and is older than {@link MAX_TOKEN_AGE_MS}.
   */
  addProposal(
    key: AccessKey,
    proposal: Omit<ProposalRecord, 'state' | 'bytes'>,
    update: Uint8Array,
    bounds: ProposalBounds,
    event: AuditEvent,
  ): Promise<ProposalState | 'full'>;
  /** The open ones, oldest first. */
  listProposals(key: AccessKey): Promise<readonly ProposalRecord[]>;
  findProposal(key: AccessKey, proposalId: string): Promise<ProposalRecord | undefined>;
  readProposal(key: AccessKey, proposalId: string): Promise<Uint8Array | undefined>;
  /** False when it is not open any more. Its content is kept until it is settled, and then forgotten. */
  settleProposal(
    key: AccessKey,
    proposalId: string,
    state: Exclude<ProposalState, 'open'>,
    noting: Noting,
  ): Promise<boolean>;
}
