import { errorMessage } from '../../lifecycle/index.ts';
import type { RequestOutcome } from '../relay-requests.ts';
import type { TokenSource } from '../token-source.ts';

/** A request to the relay's HTTP interface. */
export interface RelayRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly bearerToken: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as they are, in place of `body`. */
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a successful answer is read as; a refusal is JSON whatever was asked for. */
  readonly answerAs: 'json' | 'lines' | 'bytes';
  /**
   * How long nothing of the answer may come, in place of how long the whole may take: a slow line carries on for as long
   * as it carries anything.
   */
  readonly idleTimeoutMs?: number;
}

export interface RelayAnswer {
  readonly status: number;
  /** JSON, a string of lines or a Uint8Array; undefined when it could not be read. */
  readonly body: unknown;
}

/** Rejects, with a message for the person, when no answer came. */
export type SendRequest = (request: RelayRequest) => Promise<RelayAnswer>;

/** Asks as `send` does, and tells whenever a relay has answered, refusals too: what stands before one says 502 to 504. */
export function heeding(send: SendRequest, onAnswered: () => void): SendRequest {
  return async (request) => {
    const answer = await send(request);
    if (answer.status < 500) onAnswered();
    return answer;
  };
}

export interface RoomRequestsOptions {
  /** Origin and base path of the relay, without a trailing slash. */
  readonly relayUrl: string;
  readonly room: string;
  /** Gives tokens of the room. */
  readonly tokens: TokenSource;
  readonly send: SendRequest;
}

/** What is asked of a room. */
export interface RoomRequest extends Partial<
  Pick<RelayRequest, 'method' | 'body' | 'bytes' | 'headers' | 'answerAs' | 'idleTimeoutMs'>
> {
  /** Below the room's own address. */
  readonly path: string;
}

type Refused = Extract<RequestOutcome<never>, { readonly ok: false }>;

/** What the relay has answered, refusals too; or why it was not asked, or has not answered. */
export type RoomAnswer = ({ readonly ok: true } & RelayAnswer) | Refused;

/** Asks a relay about a room. Nothing here throws; explanations are for the person who asked. */
export class RoomRequests {
  private readonly options: RoomRequestsOptions;

  constructor(options: RoomRequestsOptions) {
    this.options = options;
  }

  /** Explains an answer that is not what a relay says. */
  get strange(): string {
    return `What answers at ${this.options.relayUrl} is not a Tutti relay, or a newer one.`;
  }

  /** `read` makes the value of an answer; undefined when it is not what a relay says. */
  async ask<T>(request: RoomRequest, read: (body: unknown) => T | undefined): Promise<RequestOutcome<T>> {
    const answer = await this.send(request);
    if (!answer.ok) return answer;
    if (answer.status < 200 || answer.status > 299) return explainRefusal(answer);
    const value = read(answer.body);
    return value === undefined ? refuse(this.strange, false) : { ok: true, value };
  }

  /** The answer as it is, for those who act on what a refusal says. */
  async send(request: RoomRequest): Promise<RoomAnswer> {
    const first = await this.sendOnce(request, false);
    // A token that ran out while this device slept; a fresh one may do.
    return first.ok && first.status === 401 ? this.sendOnce(request, true) : first;
  }

  private async sendOnce(
    { path, method = 'GET', answerAs = 'json', ...content }: RoomRequest,
    isFresh: boolean,
  ): Promise<RoomAnswer> {
    const { relayUrl, room, tokens, send } = this.options;
    const granted = await tokens.obtain({ isFresh });
    if (granted.kind !== 'granted') return refuse(granted.explanation, granted.kind === 'transient');
    const url = `${relayUrl}/api/rooms/${encodeURIComponent(room)}/${path}`;
    const bearerToken = granted.granted.token;
    try {
      return { ok: true, ...(await send({ method, url, bearerToken, answerAs, ...content })) };
    } catch (error) {
      const reason = errorMessage(error);
      const explanation = `The relay at ${relayUrl} cannot be reached (${reason}). Check that it runs and that you are online.`;
      return refuse(explanation, true);
    }
  }
}

/** What a refusal says to the person; of an answer whose status is none of success. */
export function explainRefusal({ status, body }: RelayAnswer): Refused {
  const said: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'explanation') : undefined;
  const isTransient = status >= 500 || status === 429 || status === 408;
  if (typeof said === 'string') return refuse(said.slice(0, 1024), isTransient);
  return refuse(`The relay answered with HTTP status ${status}.`, isTransient);
}

function refuse(explanation: string, isTransient: boolean): Refused {
  return { ok: false, explanation, isTransient };
}
