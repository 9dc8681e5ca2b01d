import { isRole, type Role } from './roles.ts';

/** Audience of every capability token. */
export const TOKEN_AUDIENCE = 'tutti';

// The last second that a Date can hold; in milliseconds it is still an exact number.
const MAX_EXP_S = 8_640_000_000_000;

/** What a capability token for a room says. Times are seconds since the epoch, as JWT has them. */
export interface RoomTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly tenant: string;
  readonly room: string;
  /** The one that counted when the token was made. */
  readonly role: Role;
  /** What the link, or the provider, says; undefined when that is `role`. */
  readonly ownRole: Role | undefined;
  /** Shown to others. */
  readonly name: string;
  /** The share link it was traded for, when there was one. */
  readonly link: string | undefined;
  /** All tokens that go back to one joining have the same. */
  readonly lineage: string;
  readonly jti: string;
  /** Patterns of the paths that it is for; undefined: all. */
  readonly paths: readonly string[] | undefined;
  /** To the millisecond. */
  readonly iat: number;
  readonly exp: number;
}

/** Reads the claims of a verified payload; undefined when they are not those of a room token. */
export function readRoomTokenClaims(payload: Readonly<Record<string, unknown>>): RoomTokenClaims | undefined {
  const { iss, sub, tenant, room, role, ownRole, name, link, lineage, jti, paths, iat, exp } = payload;
  if (typeof iss !== 'string' || typeof sub !== 'string' || typeof jti !== 'string') return undefined;
  if (typeof tenant !== 'string' || typeof room !== 'string' || typeof name !== 'string') return undefined;
  if (!isRole(role) || !isWholeSecond(exp)) return undefined;
  if (ownRole !== undefined && !isRole(ownRole)) return undefined;
  if (link !== undefined && typeof link !== 'string') return undefined;
  if (lineage !== undefined && typeof lineage !== 'string') return undefined;
  if (paths !== undefined && !isTexts(paths)) return undefined;
  if (typeof iat !== 'number' || !(iat >= 0 && iat <= MAX_EXP_S)) return undefined;
  // Tokens of before there were lineages are one of their own.
  return { iss, sub, tenant, room, role, ownRole, name, link, lineage: lineage ?? jti, jti, paths, iat, exp };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function isWholeSecond(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_EXP_S;
}
