import { randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { readRoomTokenClaims, TOKEN_AUDIENCE } from '../../shared/access/index.ts';
import type { RelayIdentity } from './relay-identity.ts';
import type { RoomGrant } from './room-grant.ts';

export const OPERATOR_AUDIENCE = 'tutti-operator';
export const CREATE_ROOMS_SCOPE = 'rooms:create';
/** The only tenant for now; part of every key so that others can come. */
export const DEFAULT_TENANT = 'default';

export type TokenVerdict =
  | { readonly kind: 'valid'; readonly grant: RoomGrant }
  | { readonly kind: 'invalid'; readonly reason: 'expired' | 'forged'; readonly explanation: string };

export interface SignedToken {
  readonly token: string;
  readonly grant: RoomGrant;
}

const FORGED = {
  kind: 'invalid',
  reason: 'forged',
  explanation: 'The token is malformed, or was not signed by this relay. Open the share link again.',
} as const;
const EXPIRED = { kind: 'invalid', reason: 'expired', explanation: 'The token has expired.' } as const;

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
    if (!claims || claims.sub.length > 128 || Buffer.byteLength(claims.name) > 256) return FORGED;
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
  ): Promise<{ readonly kind: 'valid'; readonly tenant: string } | Extract<TokenVerdict, { kind: 'invalid' }>> {
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
      if (error instanceof errors.JOSEError || error instanceof TypeError) return FORGED;
      throw error;
    }
  }
}
