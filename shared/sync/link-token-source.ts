import { isRole, type Role } from '../access/index.ts';
import { errorMessage, type Scheduler } from '../lifecycle/index.ts';
import type { GrantedToken, TokenResult, TokenSource } from './token-source.ts';

export interface JsonAnswer {
  readonly status: number;
  /** Undefined when the answer was not JSON. */
  readonly body: unknown;
}

/** Sends a JSON body by POST, with a bearer token when there is one. Rejects when no answer came. */
export type PostJson = (url: string, body: unknown, bearerToken?: string) => Promise<JsonAnswer>;

export interface LinkTokenSourceOptions {
  /** Origin and base path of the relay, without a trailing slash. */
  readonly relayUrl: string;
  readonly room: string;
  readonly secret: string;
  /** Shown to the others in the room, until {@link LinkTokenSource.rename}. */
  readonly name: string;
  readonly postJson: PostJson;
  readonly scheduler: Scheduler;
}

/** What the relay granted last. */
export interface LinkGrant extends GrantedToken {
  readonly role: Role;
  readonly subject: string;
}

/** A token that ends sooner is replaced before it is used. */
const NEAR_EXPIRY_MS = 30_000;
const TRANSIENT_STATUS: readonly number[] = [408, 425, 429];

/** Trades a share link for tokens at the relay. Passes the last token on, so that the person stays the same subject. */
export class LinkTokenSource implements TokenSource {
  private readonly options: LinkTokenSourceOptions;
  private lastGrant: LinkGrant | undefined;
  private name: string;
  /** The name that {@link lastGrant} was asked for with. */
  private grantedName: string;
  private previousToken: string | undefined;

  /** `previousToken` is one that an earlier engine start got for this room; it may have expired. */
  constructor(options: LinkTokenSourceOptions, previousToken?: string) {
    this.options = options;
    this.name = options.name;
    this.grantedName = options.name;
    this.previousToken = previousToken;
  }

  get grant(): LinkGrant | undefined {
    return this.lastGrant;
  }

  /** The next token says `name`. */
  rename(name: string): void {
    this.name = name;
  }

  async obtain({ isFresh }: { readonly isFresh: boolean }): Promise<TokenResult> {
    const last = this.lastGrant;
    const { scheduler } = this.options;
    const isNamed = this.grantedName === this.name;
    if (!isFresh && isNamed && last && last.expiresAtMs - scheduler.now() > NEAR_EXPIRY_MS)
      return { kind: 'granted', granted: last };
    return this.trade();
  }

  /**
   * Trades the link because a person asks to join. Whoever may not come back as who they were, as after an owner ended
   * their session, comes as somebody new, where the link lets new people in. That must not happen by itself: they would
   * be back before they know that they were put out.
   */
  async join(): Promise<TokenResult> {
    const asBefore = await this.obtain({ isFresh: true });
    if (asBefore.kind !== 'permanent' || this.previousToken === undefined) return asBefore;
    const { previousToken } = this;
    this.previousToken = undefined;
    const asNewcomer = await this.obtain({ isFresh: true });
    if (asNewcomer.kind === 'granted') return asNewcomer;
    this.previousToken = previousToken;
    return asBefore;
  }

  private async trade(): Promise<TokenResult> {
    const { relayUrl, room, secret, postJson } = this.options;
    const { name } = this;
    const url = `${relayUrl}/api/rooms/${encodeURIComponent(room)}/tokens`;
    const request = {
      secret,
      name,
      ...(this.previousToken === undefined ? {} : { previousToken: this.previousToken }),
    };
    let answer: Awaited<ReturnType<PostJson>>;
    try {
      answer = await postJson(url, request);
    } catch (error) {
      const reason = errorMessage(error);
      return {
        kind: 'transient',
        explanation: `No Tutti relay answers at ${relayUrl} (${reason}). Check that it runs and that you are online.`,
      };
    }
    if (answer.status < 200 || answer.status > 299) return this.explainRefusal(answer.status, answer.body);
    const grant = this.readGrant(answer.body);
    if (!grant)
      return { kind: 'permanent', explanation: `What answers at ${relayUrl} is not a Tutti relay. Check the link.` };
    this.lastGrant = grant;
    this.grantedName = name;
    this.previousToken = grant.token;
    return { kind: 'granted', granted: grant };
  }

  private readGrant(body: unknown): LinkGrant | undefined {
    if (!isRecord(body)) return undefined;
    const { token, expiresAtMs, nowMs, role, subject, room } = body;
    if (typeof token !== 'string' || typeof subject !== 'string' || !isRole(role)) return undefined;
    if (typeof expiresAtMs !== 'number' || typeof nowMs !== 'number' || room !== this.options.room) return undefined;
    // The two clocks may differ: only the relay's own two times can be compared.
    return { token, subject, role, expiresAtMs: this.options.scheduler.now() + (expiresAtMs - nowMs) };
  }

  private explainRefusal(status: number, body: unknown): TokenResult {
    const { relayUrl } = this.options;
    const said =
      isRecord(body) && typeof body['explanation'] === 'string' ? body['explanation'].slice(0, 1024) : undefined;
    const isTransient = status >= 500 || TRANSIENT_STATUS.includes(status);
    if (isTransient)
      return { kind: 'transient', explanation: said ?? `The relay at ${relayUrl} is busy (HTTP ${status}).` };
    const explanation =
      said ?? `The relay at ${relayUrl} does not accept the link (HTTP ${status}). Ask for a new link.`;
    const isUnknown = isRecord(body) && body['error'] === 'link-unknown';
    return { kind: 'permanent', explanation, ...(isUnknown ? { isUnknown } : {}) };
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
