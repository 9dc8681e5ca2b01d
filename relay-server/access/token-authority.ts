import { randomUUID } from 'node:crypto';
import { decodeJwt, errors, jwtVerify, SignJWT } from 'jose';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { readRoomTokenClaims, TOKEN_AUDIENCE } from '../../shared/access/index.ts';
import type { RelayIdentity } from './relay-identity.ts';
import type { RoomGrant } from './room-grant.ts';

export const OPERATOR_AUDIENCE = 'tutti-operator';
export const CREATE_ROOMS_SCOPE = 'rooms:create';
/** The only tenant for now; part of every key so that others can come. */
export const DEFAULT_TENANT = 'default';

/**
 * - `expired`: signed by this relay, too long ago.
 * - `other-relay`: it says that another relay issued it; nobody checked whether that is so.
 * - `other-purpose`: signed by this relay for something else, such as an operator's token shown to a room.
 * - `forged`: malformed, altered, or signed with another key in this relay's name.
 */
export type InvalidTokenReason = 'expired' | 'other-relay' | 'other-purpose' | 'forged';

export interface InvalidToken {
  readonly kind: 'invalid';
  readonly reason: InvalidTokenReason;
  /** For the person who holds the token. */
  readonly explanation: string;
}

export type TokenVerdict = { readonly kind: 'valid'; readonly grant: RoomGrant } | InvalidToken;

export interface SignedToken {
  readonly token: string;
  readonly grant: RoomGrant;
}

const EXPIRED = invalid('expired', 'The token has expired. Open the share link again, or ask for a new token.');
const OTHER_RELAY = invalid(
  'other-relay',
  'The token is of another relay, or of this one before its key was replaced. Ask for a link of this relay.',
);
const OTHER_PURPOSE = invalid('other-purpose', 'The token is of this relay, but not for this purpose.');
const FORGED = invalid(
  'forged',
  'The token is damaged, or this relay did not sign it. Open the share link again, or ask for a new token.',
);

/** Signs and checks the relay's tokens: EdDSA JWTs, issued by the relay's own id. */
export class TokenAuthority {
  private readonly identity: RelayIdentity;
  private readonly scheduler: Scheduler;

  constructor(identity: RelayIdentity, scheduler: Scheduler) {
    this.identity = identity;
    this.scheduler = scheduler;
  }

  /** `expiresAtMs` is rounded down to a second. */
  async signRoomToken(options: Omit<RoomGrant, 'jti'>): Promise<SignedToken> {
    const expiresAt = Math.floor(options.expiresAtMs / 1000);
    const grant: RoomGrant = { ...options, jti: randomUUID(), expiresAtMs: expiresAt * 1000 };
    const { tenant, room, role, name, linkId } = grant;
    const token = await new SignJWT({ tenant, room, role, name, ...(linkId === undefined ? {} : { link: linkId }) })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
      .setIssuer(this.identity.relayId)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(grant.subject)
      .setJti(grant.jti)
      .setIssuedAt(Math.floor(this.scheduler.now() / 1000))
      .setExpirationTime(expiresAt)
      .sign(this.identity.signingKey);
    return { token, grant };
  }

  /** `ignoresExpiry` is for telling who somebody was, never for letting them in. */
  async verifyRoomToken(token: string, { ignoresExpiry = false } = {}): Promise<TokenVerdict> {
    const verified = await this.verify(token, TOKEN_AUDIENCE, ignoresExpiry);
    if (verified.kind === 'invalid') return verified;
    const claims = readRoomTokenClaims(verified.payload);
    if (!claims || Buffer.byteLength(claims.sub) > 128 || Buffer.byteLength(claims.name) > 256) return FORGED;
    const { tenant, room, sub: subject, name, role, link: linkId, jti, exp } = claims;
    return { kind: 'valid', grant: { tenant, room, subject, name, role, linkId, jti, expiresAtMs: exp * 1000 } };
  }

  async signOperatorToken(expiresAtMs: number): Promise<string> {
    return new SignJWT({ scope: CREATE_ROOMS_SCOPE, tenant: DEFAULT_TENANT })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
      .setIssuer(this.identity.relayId)
      .setAudience(OPERATOR_AUDIENCE)
      .setSubject('operator')
      .setJti(randomUUID())
      .setIssuedAt(Math.floor(this.scheduler.now() / 1000))
      .setExpirationTime(Math.floor(expiresAtMs / 1000))
      .sign(this.identity.signingKey);
  }

  /** The tenant in which the bearer may create rooms, or why not. */
  async verifyOperatorToken(
    token: string,
  ): Promise<{ readonly kind: 'valid'; readonly tenant: string } | InvalidToken> {
    const verified = await this.verify(token, OPERATOR_AUDIENCE, false);
    if (verified.kind === 'invalid') return verified;
    const { scope, tenant } = verified.payload;
    return scope === CREATE_ROOMS_SCOPE && typeof tenant === 'string' ? { kind: 'valid', tenant } : FORGED;
  }

  private async verify(token: string, audience: string, ignoresExpiry: boolean) {
    try {
      const { payload } = await jwtVerify(token, this.identity.verifyingKey, {
        // Nothing else is ever accepted: a token does not choose how it is checked.
        algorithms: ['EdDSA'],
        issuer: this.identity.relayId,
        audience,
        requiredClaims: ['exp', 'sub', 'jti'],
        // At the beginning of time nothing has expired yet.
        currentDate: new Date(ignoresExpiry ? 0 : this.scheduler.now()),
      });
      return { kind: 'valid', payload } as const;
    } catch (error) {
      if (error instanceof errors.JWTExpired) return EXPIRED;
      if (!(error instanceof errors.JOSEError || error instanceof TypeError)) throw error;
      if (this.namesAnotherIssuer(token)) return OTHER_RELAY;
      const isSigned = error instanceof errors.JWTClaimValidationFailed;
      return isSigned && error.claim === 'aud' ? OTHER_PURPOSE : FORGED;
    }
  }

  // Only for the choice of words: what is read here is not verified.
  private namesAnotherIssuer(token: string): boolean {
    try {
      const { iss } = decodeJwt(token);
      return typeof iss === 'string' && iss !== this.identity.relayId;
    } catch {
      return false;
    }
  }
}

function invalid(reason: InvalidTokenReason, explanation: string): InvalidToken {
  return { kind: 'invalid', reason, explanation };
}
