import type { ChatPolicy, Role } from '../../access/index.ts';

/** A share link to be made. */
export interface NewRoomLink {
  readonly role: Role;
  /** For owners, to tell their links apart. */
  readonly label?: string;
  readonly expiresInSeconds?: number;
  /** How many people may come by it. */
  readonly maxUses?: number;
  /** Whoever comes by it waits for an owner to let them in. */
  readonly needsApproval?: boolean;
  /** Patterns of the paths that it is for, such as `src/**`; without them it is for all. */
  readonly paths?: readonly string[];
}

/** A link that was made just now: the only time that its secret is told. */
export interface MadeRoomLink {
  readonly linkId: string;
  readonly secret: string;
}

/** A share link as owners see it. Times are by the relay's clock. */
export interface RoomLink {
  readonly linkId: string;
  readonly role: Role;
  readonly label: string;
  readonly createdAtMs: number;
  /** Subject of who made it; empty when it was made on the relay itself. */
  readonly createdBy: string;
  readonly expiresAtMs: number | undefined;
  readonly maxUses: number | undefined;
  readonly uses: number;
  readonly needsApproval: boolean;
  readonly paths: readonly string[] | undefined;
  /** Since then nobody new comes by it; who came before may stay. */
  readonly closedAtMs: number | undefined;
  /** Undefined when it is open, or when the relay does not say. */
  readonly closedReason: ClosedReason | undefined;
  readonly revokedAtMs: number | undefined;
}

/** Why nobody new comes by a link: what happened to somebody who came by it, or to everybody but owners. */
export type ClosedReason = 'person-removed' | 'role-lowered' | 'all-removed';

/** A link by which nobody new comes since a change. */
export type ClosedLink = Pick<RoomLink, 'linkId' | 'role' | 'label'>;

/** A link of the room, with what this device knows of it. */
export interface ListedRoomLink extends RoomLink {
  /** Its secret is known here, and somebody can still come by it. */
  readonly isCopyable: boolean;
}

/** Both forms of a share link. */
export interface LinkForms {
  /** For a browser: `https://…`. */
  readonly url: string;
  /** For the app: `tutti://…`. */
  readonly appUrl: string;
}

/** One joining of somebody, such as one device. */
export interface PersonSession {
  readonly sessionId: string;
  readonly lastSeenMs: number;
  readonly isRevoked: boolean;
}

/** Somebody who is or was in the room. */
export interface RoomPerson {
  readonly subject: string;
  readonly name: string;
  /** The one that counts now. */
  readonly role: Role;
  readonly linkId: string | undefined;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly isRevoked: boolean;
  /** Seen last first. */
  readonly sessions: readonly PersonSession[];
}

/** Some of those who are or were in the room. */
export interface PeoplePage {
  readonly people: readonly RoomPerson[];
  /** Names the next page; undefined for the last one. */
  readonly next: string | undefined;
}

/** What an owner takes back. */
export type Revocation =
  /** The person is out for good, and nobody new comes by the link that they came by. */
  | { readonly kind: 'person'; readonly subject: string }
  | { readonly kind: 'session'; readonly sessionId: string }
  /** Everybody who came by the link is out, and nobody comes by it any more. */
  | { readonly kind: 'link'; readonly linkId: string }
  /** Everybody but owners is out, with all links but owners' ones. */
  | { readonly kind: 'all' };

/** Somebody waits for an owner to let them in. */
export interface JoinRequest {
  readonly requestId: string;
  readonly linkId: string;
  readonly name: string;
  readonly createdAtMs: number;
}

export type JoinVerdict = 'approved' | 'denied';

/** Something that happened to the access of the room. */
export interface AuditEntry {
  /** Counts the room's events from 1 without a gap. */
  readonly seq: number;
  readonly atMs: number;
  /** Such as `link-created`; later relays may know more of them. */
  readonly kind: string;
  /** Subject of who did it; `operator` for the relay's command line; empty when nobody is known. */
  readonly actor: string;
  readonly actorName: string;
  readonly target: string;
  readonly detail: string;
}

/** Edits of somebody whose access was taken back before they arrived. */
export interface Proposal {
  readonly proposalId: string;
  readonly subject: string;
  readonly name: string;
  /** Name of the document that they are for. */
  readonly document: string;
  readonly createdAtMs: number;
  readonly bytes: number;
}

/** What is to be set for the whole room; what is left out stays, whoever changes it meanwhile. */
export interface SettingsChange {
  /** Null: nobody presents. */
  readonly presenter?: string | null;
  readonly chat?: ChatPolicy;
}

export type ProposalVerdict = 'applied' | 'dropped';
