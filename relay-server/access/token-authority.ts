import { randomUUID } from 'node:crypto';
import { type CryptoKey, decodeJwt, errors, type JWK, jwtVerify, SignJWT } from 'jose';
import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { readRoomTokenClaims, type Role, TOKEN_AUDIENCE } from '../../shared/access/index.ts';
import { MAX_TOKEN_AGE_MS } from '../log/access-directory.ts';
import type { RelayIdentity, RelayKey } from './relay-identity.ts';
import type { RoomGrant } from './room-grant.ts';

export const OPERATOR_AUDIENCE = 'tutti-operator';
export const CREATE_ROOMS_SCOPE = 'rooms:create';
/** That of a relay which serves one organisation. */
export const DEFAULT_TENANT = 'default';

/**
 * - `expired`: signed by this relay, too long ago for what it was shown for.
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
  /** The one that counts now, which the token names. */
  readonly role: Role;
}

/** What a token is to say. Without a lineage it begins one. */
export type NewGrant = Omit<RoomGrant, 'jti' | 'lineageId' | 'paths' | 'issuedAtMs'> & {
  readonly lineageId?: string | undefined;
  readonly paths?: readonly string[] | undefined;
  /** What an owner has set for the person, in place of `role`. */
  readonly givenRole?: Role | undefined;
};

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
  private identity: RelayIdentity;
  private readonly scheduler: Scheduler;

  constructor(identity: RelayIdentity, scheduler: Scheduler) {
    this.identity = identity;
    this.scheduler = scheduler;
  }

  /** `expiresAtMs` is rounded down to a second. */
  async signRoomToken({ givenRole, ...options }: NewGrant): Promise<SignedToken> {
    const jti = randomUUID();
    const expiresAt = Math.floor(options.expiresAtMs / 1000);
    const { lineageId = jti, paths, role: ownRole } = options;
    const issuedAtMs = this.scheduler.now();
    const grant: RoomGrant = { ...options, lineageId, paths, jti, issuedAtMs, expiresAtMs: expiresAt * 1000 };
    const { tenant, room, name, linkId } = grant;
    const role = givenRole ?? ownRole;
    const optional = {
      ...(linkId === undefined ? {} : { link: linkId }),
      ...(paths === undefined ? {} : { paths }),
      // It counts again as soon as an owner takes the other one back.
      ...(role === ownRole ? {} : { ownRole }),
    };
    const token = await new SignJWT({ tenant, room, role, name, lineage: lineageId, ...optional })
      .setProtectedHeader(this.header())
      .setIssuer(this.identity.relayId)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(grant.subject)
      .setJti(grant.jti)
      .setIssuedAt(issuedAtMs / 1000)
      .setExpirationTime(expiresAt)
      .sign(this.signingKey.privateKey);
    return { token, grant, role };
  }

  /**
   * `ignoresExpiry` is for telling who somebody was, never for letting them in. A token of longer ago than
   * {@link MAX_TOKEN_AGE_MS} does not even do that.
   */
  async verifyRoomToken(token: string, { ignoresExpiry = false } = {}): Promise<TokenVerdict> {
    const verified = await this.verify(token, TOKEN_AUDIENCE, ignoresExpiry);
    if (verified.kind === 'invalid') return verified;
    const claims = readRoomTokenClaims(verified.payload);
    if (!claims || Buffer.byteLength(claims.sub) > 128 || Buffer.byteLength(claims.name) > 256) return FORGED;
    const { tenant, room, sub: subject, name, link: linkId, lineage: lineageId, jti, paths, iat, exp } = claims;
    const role = claims.ownRole ?? claims.role;
    const times = { issuedAtMs: Math.round(iat * 1000), expiresAtMs: exp * 1000 };
    if (this.scheduler.now() - times.issuedAtMs > MAX_TOKEN_AGE_MS) return EXPIRED;
    return { kind: 'valid', grant: { tenant, room, subject, name, role, linkId, lineageId, jti, paths, ...times } };
  }

  /** For making rooms in `tenant`. */
  async signOperatorToken(expiresAtMs: number, tenant = DEFAULT_TENANT): Promise<string> {
    return new SignJWT({ scope: CREATE_ROOMS_SCOPE, tenant })
      .setProtectedHeader(this.header())
      .setIssuer(this.identity.relayId)
      .setAudience(OPERATOR_AUDIENCE)
      .setSubject('operator')
      .setJti(randomUUID())
      .setIssuedAt(Math.floor(this.scheduler.now() / 1000))
      .setExpirationTime(Math.floor(expiresAtMs / 1000))
      .sign(this.signingKey.privateKey);
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

  /** What others check the relay's tokens by, as JWKs (RFC 7517); a key is among them before it signs. */
  get publicKeys(): readonly JWK[] {
    return this.countingKeys.map(({ publicJwk }) => publicJwk);
  }

  /** The relay's keys were changed by its operator. */
  replaceIdentity(identity: RelayIdentity): void {
    this.identity = identity;
  }

  private get countingKeys(): readonly RelayKey[] {
    const nowMs = this.scheduler.now();
    return this.identity.keys.filter(({ verifiesUntilMs }) => verifiesUntilMs > nowMs);
  }

  private get signingKey(): RelayKey {
    const { keys } = this.identity;
    const nowMs = this.scheduler.now();
    const key = keys.findLast(({ activeFromMs }) => activeFromMs <= nowMs) ?? keys[0];
    if (!key) throw new Error('a relay has at least one key');
    return key;
  }

  private header() {
    return { alg: 'EdDSA', typ: 'JWT', kid: this.signingKey.keyId };
  }

  // Tokens of before keys had names were signed by the oldest.
  private verifyingKey(keyId: string | undefined): CryptoKey {
    const keys = this.countingKeys;
    const key = keyId === undefined ? keys[0] : keys.find((candidate) => candidate.keyId === keyId);
    if (!key) throw new errors.JWSSignatureVerificationFailed('the key is not known, or counts no more');
    return key.publicKey;
  }

  private async verify(token: string, audience: string, ignoresExpiry: boolean) {
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.verifyingKey(kid), {
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
