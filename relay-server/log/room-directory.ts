import type { Role } from '../../shared/access/index.ts';

export interface RoomRecord {
  readonly tenant: string;
  readonly room: string;
  readonly name: string;
  readonly createdAtMs: number;
}

/** Somebody who came by the link was removed, or given a lower role; or everybody but owners was removed. */
export const CLOSED_REASONS = ['person-removed', 'role-lowered', 'all-removed'] as const;

export type ClosedReason = (typeof CLOSED_REASONS)[number];

/** A share link as it is stored. The secret itself is not. */
export interface LinkRecord {
  readonly linkId: string;
  readonly tenant: string;
  readonly room: string;
  readonly role: Role;
  readonly label: string;
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly maxUses: number | undefined;
  /** Who comes by it waits for an owner to let them in. */
  readonly needsApproval: boolean;
  /** Patterns of the paths that it is for, such as `src/**`; undefined: all. */
  readonly paths: readonly string[] | undefined;
  /** Subject of who made it; empty when that is the command line. */
  readonly createdBy: string;
  readonly uses: number;
  /** Since then nobody new comes by it; who came before may stay. */
  readonly closedAtMs: number | undefined;
  /** Undefined when it is not closed, or a relay of before has closed it. */
  readonly closedReason: ClosedReason | undefined;
  readonly revokedAtMs: number | undefined;
}

/** A link that nobody has used. */
export type NewLink = Omit<LinkRecord, 'uses' | 'closedAtMs' | 'closedReason' | 'revokedAtMs'>;

/** Rooms and share links. Every method rejects with a `LogFailure`. */
export interface RoomDirectory {
  /** Makes a room and, with it or not at all, its first link. Gives false when the room was there before. */
  createRoom(room: RoomRecord, firstLink?: NewLink): Promise<boolean>;
  findRoom(tenant: string, room: string): Promise<RoomRecord | undefined>;
  findLink(tenant: string, linkId: string): Promise<LinkRecord | undefined>;
  /** In whatever tenant the room is: the secret says which. */
  findLinkBySecret(room: string, secretHash: Uint8Array): Promise<LinkRecord | undefined>;
  /** Counts one use; gives false when the link is used up, closed or revoked. */
  useLink(tenant: string, linkId: string): Promise<boolean>;
}
