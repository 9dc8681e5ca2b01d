import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Scheduler } from '../../shared/lifecycle/index.ts';

/** The provider cannot be asked now. Transient. */
export class OidcUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OidcUnavailable';
  }
}

export type OidcVerdict =
  | { readonly kind: 'valid'; readonly payload: JWTPayload & { readonly sub: string; readonly exp: number } }
  /** `isGuess`: nothing shows that the provider ever signed it. */
  | { readonly kind: 'invalid'; readonly isGuess: boolean; readonly explanation: string };

export interface OidcProviderOptions {
  /** As in the tokens, to the letter. */
  readonly issuer: string;
  /** Tokens must be for it. */
  readonly audience: string;
  readonly scheduler: Scheduler;
}

/** A secret that both sides know proves nothing about who signed. */
const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** ID tokens and access tokens. The provider signs others, such as for logging out, with the same keys. */
const TYPES = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];
const ASKED_WITHIN_MS = 5_000;
/** A provider that failed is left in peace for so long. */
const RETRY_AFTER_MS = 2_000;
const DISCOVERED_AGAIN_MS = 3_600_000;
const MAX_DOCUMENT_BYTES = 256 * 1024;
const CLOCK_TOLERANCE_S = 5;

interface Discovered {
  readonly keys: JWTVerifyGetKey;
  readonly atMs: number;
}

/** Checks tokens of an OpenID Connect provider by the keys that it publishes. */
export class OidcProvider {
  private readonly options: OidcProviderOptions;
  private discovered: Discovered | undefined;
  private discovering: Promise<Discovered> | undefined;
  private failedAtMs = -Infinity;

  constructor(options: OidcProviderOptions) {
    this.options = options;
  }

  /** Rejects with {@link OidcUnavailable}. */
  async verify(token: string): Promise<OidcVerdict> {
    const { issuer, audience, scheduler } = this.options;
    const { keys } = await this.discover();
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        algorithms: ASYMMETRIC,
        issuer,
        audience,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: new Date(scheduler.now()),
        clockTolerance: CLOCK_TOLERANCE_S,
      });
      const { sub, exp } = payload;
      const isOfKind = TYPES.includes(protectedHeader.typ?.toLowerCase()) && payload['events'] === undefined;
      if (!isOfKind || sub === undefined || sub === '' || exp === undefined)
        return invalid('The token is neither an ID token nor an access token.');
      return { kind: 'valid', payload: { ...payload, sub, exp } };
    } catch (error) {
      return explain(error);
    }
  }

  private async discover(): Promise<Discovered> {
    const nowMs = this.options.scheduler.elapsedMs();
    if (this.discovered && nowMs - this.discovered.atMs < DISCOVERED_AGAIN_MS) return this.discovered;
    if (nowMs - this.failedAtMs < RETRY_AFTER_MS) throw unavailable('failed to answer a moment ago');
    this.discovering ??= this.discoverNow();
    try {
      this.discovered = await this.discovering;
      return this.discovered;
    } catch (error) {
      this.failedAtMs = this.options.scheduler.elapsedMs();
      // What was found earlier still counts.
      if (this.discovered) return this.discovered;
      throw error;
    } finally {
      this.discovering = undefined;
    }
  }

  private async discoverNow(): Promise<Discovered> {
    const { issuer, scheduler } = this.options;
    const configuration = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { issuer: named, jwks_uri: keysUrl } = configuration;
    if (named !== issuer) throw unavailable(`calls itself ${JSON.stringify(named)}, so that --oidc-issuer is wrong`);
    if (typeof keysUrl !== 'string' || !isSafeUrl(keysUrl, issuer)) throw unavailable('names no address of its keys');
    return {
      keys: createRemoteJWKSet(new URL(keysUrl), { timeoutDuration: ASKED_WITHIN_MS }),
      atMs: scheduler.elapsedMs(),
    };
  }
}

async function fetchJson(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const response = await fetch(url, {
      redirect: 'error',
      headers: { Accept: 'application/json' },
      signal: AbortSignal.timeout(ASKED_WITHIN_MS),
    });
    if (!response.ok) throw unavailable(`answers ${response.status} at ${url}`);
    const value: unknown = JSON.parse(await readText(response));
    if (typeof value !== 'object' || value === null) throw unavailable(`answers no JSON object at ${url}`);
    return { ...value };
  } catch (error) {
    if (error instanceof OidcUnavailable) throw error;
    throw unavailable(`does not answer at ${url}`, error);
  }
}

async function readText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  const stream: ReadableStream<Uint8Array> | null = response.body;
  const reader = stream?.getReader();
  for (;;) {
    const { value } = (await reader?.read()) ?? {};
    if (!value) return Buffer.concat(pieces).toString('utf8');
    byteLength += value.byteLength;
    // What is left is dropped with the connection.
    if (byteLength > MAX_DOCUMENT_BYTES) {
      await reader?.cancel();
      throw unavailable('answers with far too much');
    }
    pieces.push(value);
  }
}

/** Keys that come unencrypted could be anybody's; a provider on this machine may do without. */
function isSafeUrl(url: string, issuer: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && new URL(issuer).protocol === 'http:');
}

function explain(error: unknown): OidcVerdict {
  if (error instanceof errors.JWTExpired)
    return { ...invalid('The token of your sign-in has expired. Sign in again.'), isGuess: false };
  if (error instanceof errors.JWTClaimValidationFailed)
    return invalid(`The token is not for this relay: its claim ${error.claim} is wrong. Sign in again.`);
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return invalid('The provider has no key that signed the token. Sign in again.');
  // Everything else of keys is about fetching them.
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid)
    throw unavailable('does not give its keys', error);
  if (isRefusal(error)) return invalid('The token is damaged, or your provider did not sign it. Sign in again.');
  throw unavailable('does not give its keys', error);
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported
  );
}

function invalid(explanation: string): Extract<OidcVerdict, { kind: 'invalid' }> {
  return { kind: 'invalid', isGuess: true, explanation };
}

function unavailable(reason: string, cause?: unknown): OidcUnavailable {
  return new OidcUnavailable(`The OpenID Connect provider ${reason}.`, { cause });
}
