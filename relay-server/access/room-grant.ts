import type { Role } from '../../shared/access/index.ts';

/** What a verified token lets its bearer do. */
export interface RoomGrant {
  readonly tenant: string;
  readonly room: string;
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  /** The share link that it was traded for. */
  readonly linkId: string | undefined;
  readonly jti: string;
  readonly expiresAtMs: number;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly grant: RoomGrant }
  | { readonly kind: 'refused'; readonly closeCode: 4401 | 4403 | 4404; readonly explanation: string };

/** Decides who may enter a room. */
export interface Doorkeeper {
  /** Checks a token against the room of the address. Rejects only when the relay's storage fails. */
  admit(token: string, room: string): Promise<Admission>;
}
