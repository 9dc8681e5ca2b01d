import type { Scheduler } from '../../shared/lifecycle/index.ts';
import type { AccessDirectory, AccessKey, RoomAccess } from '../log/access-directory.ts';
import type { RoomDirectory } from '../log/room-directory.ts';
import { type OidcClaims, type OidcPerson, readOidcPerson } from './oidc-person.ts';
import { type OidcProvider, OidcUnavailable } from './oidc-provider.ts';
import type { RoomGrant } from './room-grant.ts';
import { TRADED_TOKEN_TTL_MS } from './share-links.ts';
import { standingOf } from './standing.ts';
import type { SignedToken, TokenAuthority } from './token-authority.ts';

export interface OidcTokensOptions {
  readonly provider: OidcProvider;
  readonly claims: OidcClaims;
  readonly directory: RoomDirectory;
  readonly access: AccessDirectory;
  readonly authority: TokenAuthority;
  readonly scheduler: Scheduler;
}

export interface OidcTradeRequest {
  readonly room: string;
  /** An ID token or an access token of the provider. */
  readonly token: string;
  /** An earlier room token of the same person, expired or not: the session goes on. */
  readonly previousToken?: string | undefined;
}

export type OidcTradeResult =
  | ({ readonly kind: 'granted' } & SignedToken)
  | {
      readonly kind: 'refused';
      readonly reason: 'unauthenticated' | 'no-role' | 'revoked' | 'no-room' | 'unavailable';
      readonly explanation: string;
      /** Nothing shows that the provider ever signed the token. */
      readonly isGuess?: boolean;
    };

/** Gives people of an OpenID Connect provider tokens for the rooms of their tenant. */
export class OidcTokens {
  private readonly options: OidcTokensOptions;

  constructor(options: OidcTokensOptions) {
    this.options = options;
  }

  /** Rejects with a `LogFailure`. */
  async trade(request: OidcTradeRequest): Promise<OidcTradeResult> {
    const { provider, claims, directory, access, authority, scheduler } = this.options;
    const verdict = await provider.verify(request.token).catch((error: unknown) => {
      if (error instanceof OidcUnavailable) return error;
      throw error;
    });
    if (verdict instanceof OidcUnavailable) return refuse('unavailable', `${verdict.message} Try again later.`);
    if (verdict.kind === 'invalid')
      return { ...refuse('unauthenticated', verdict.explanation), isGuess: verdict.isGuess };
    const person = readOidcPerson(verdict.payload, claims);
    if (typeof person === 'string') return refuse('no-role', person);
    const { tenant, subject, name, role } = person;
    const key = { tenant, room: request.room };
    const [record, state] = await Promise.all([directory.findRoom(tenant, request.room), access.readAccess(key)]);
    if (!record) return refuse('no-room', `The room ${request.room} does not exist on this relay.`);
    const { exp, iat = 0 } = verdict.payload;
    const previous = await this.previousGrant(request.previousToken, key, person);
    const revoked = whyRevoked(person, key, state, iat * 1000, previous);
    if (revoked !== undefined) return refuse('revoked', revoked);
    const signed = await authority.signRoomToken({
      ...key,
      subject,
      name,
      role,
      givenRole: state.roles.get(subject),
      linkId: undefined,
      lineageId: previous?.lineageId,
      expiresAtMs: Math.min(scheduler.now() + TRADED_TOKEN_TTL_MS, exp * 1000),
    });
    return { kind: 'granted', ...signed };
  }

  private async previousGrant(
    previousToken: string | undefined,
    { tenant, room }: AccessKey,
    { subject }: OidcPerson,
  ): Promise<RoomGrant | undefined> {
    if (previousToken === undefined) return undefined;
    const verdict = await this.options.authority.verifyRoomToken(previousToken, { ignoresExpiry: true });
    if (verdict.kind === 'invalid') return undefined;
    const { grant } = verdict;
    return grant.tenant === tenant && grant.room === room && grant.subject === subject ? grant : undefined;
  }
}

/** When everybody's access was taken back, who signed in before has to sign in anew. */
function whyRevoked(
  { subject, name, role }: OidcPerson,
  key: AccessKey,
  state: RoomAccess,
  signedInAtMs: number,
  previous: RoomGrant | undefined,
): string | undefined {
  const grant: RoomGrant = {
    ...key,
    subject,
    name,
    role,
    linkId: undefined,
    lineageId: previous?.lineageId ?? '',
    jti: '',
    paths: undefined,
    issuedAtMs: signedInAtMs,
    expiresAtMs: Infinity,
  };
  const verdict = standingOf(grant, state);
  return verdict.kind === 'revoked' ? verdict.explanation : undefined;
}

function refuse(
  reason: Extract<OidcTradeResult, { kind: 'refused' }>['reason'],
  explanation: string,
): Extract<OidcTradeResult, { kind: 'refused' }> {
  return { kind: 'refused', reason, explanation };
}
