import type { Role } from '../../shared/access/index.ts';
import type { RoomAccess } from '../log/access-directory.ts';

/** What a verified token lets its bearer do. */
export interface RoomGrant {
  readonly tenant: string;
  readonly room: string;
  readonly subject: string;
  readonly name: string;
  /** As the link, or the provider, says; an owner may have set another one since. */
  readonly role: Role;
  /** The share link that it was traded for. */
  readonly linkId: string | undefined;
  /** All tokens that go back to one joining have the same. */
  readonly lineageId: string;
  readonly jti: string;
  /** Patterns of the paths that it is for, such as `src/**`; undefined: all. */
  readonly paths: readonly string[] | undefined;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** What somebody who is let in may do now. */
export interface Standing {
  /** Counts for what owners do, and is shown to others. */
  readonly role: Role;
  /** Counts for documents; less than `role` while somebody else presents. */
  readonly writesAs: Role;
  readonly chat: RoomAccess['settings']['chat'];
  /** Subject of the one who presents. */
  readonly presenter?: string | undefined;
  /** Why the role is not what the link says, for the person; empty when it is. */
  readonly explanation: string;
}

/** Somebody is let in. */
export interface Admitted {
  readonly kind: 'admitted';
  readonly grant: RoomGrant;
  readonly standing: Standing;
  /** Version of the room's access that it was decided by. */
  readonly accessVersion: number;
}

export interface Refused {
  readonly kind: 'refused';
  readonly closeCode: 1013 | 4401 | 4403 | 4404;
  readonly explanation: string;
  /** When to try again; only with 1013. */
  readonly retryAfterMs?: number;
  /** Nothing shows that this relay ever signed the token. */
  readonly isGuess?: boolean;
}

export type Admission = Admitted | Refused;

/** Decides who may enter a room. */
export interface Doorkeeper {
  /**
   * Checks a token against the room of the address. With the IP address of somebody who comes in, how often that one
   * has failed counts. Rejects only when the relay's storage fails.
   */
  admit(token: string, room: string, ipAddress?: string): Promise<Admission>;
}
