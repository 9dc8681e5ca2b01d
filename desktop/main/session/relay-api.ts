import type { Disposable } from '../../../shared/lifecycle/index.ts';
import type { SendRequest } from '../../../shared/sync/administration/index.ts';
import type { PostJson } from '../../../shared/sync/index.ts';

export interface RelayApiLimits {
  /** Until the whole answer is there, when it is JSON and the request does not say otherwise. */
  readonly jsonTimeoutMs: number;
  readonly maxJsonBytes: number;
  /** Likewise of a whole audit, or a proposal. */
  readonly contentTimeoutMs: number;
  readonly maxContentBytes: number;
}

/** How a relay is asked by HTTP. Both reject, with a reason for the person, when no whole answer came in time. */
export interface RelayApi {
  /** POSTs JSON to a relay. */
  readonly postJson: PostJson;
  /** Asks a relay for something as an owner. */
  readonly sendRequest: SendRequest;
}

const LIMITS: RelayApiLimits = {
  jsonTimeoutMs: 10_000,
  maxJsonBytes: 8 * 1024 * 1024,
  contentTimeoutMs: 120_000,
  maxContentBytes: 256 * 1024 * 1024,
};

/** What a relay says beyond the limits is not read. */
export function createRelayApi(limits: RelayApiLimits): RelayApi {
  const readJson = async (response: Response, patience: Patience) =>
    parseJson(await readBytes(response, limits.maxJsonBytes, patience));
  return {
    async postJson(url, body, bearerToken) {
      const patience = new Patience(limits.jsonTimeoutMs, false);
      try {
        const response = await request({
          url,
          method: 'POST',
          bearerToken,
          body,
          accept: 'application/json',
          patience,
        });
        return { status: response.status, body: await readJson(response, patience) };
      } finally {
        patience.dispose();
      }
    },
    async sendRequest({ bytes: content, answerAs, idleTimeoutMs, ...asked }) {
      const isSmall = answerAs === 'json' && content === undefined;
      const timeoutMs = isSmall ? limits.jsonTimeoutMs : limits.contentTimeoutMs;
      const patience = new Patience(idleTimeoutMs ?? timeoutMs, idleTimeoutMs !== undefined);
      const accept = answerAs === 'lines' ? 'application/x-ndjson' : '*/*';
      try {
        const response = await request({ body: undefined, ...asked, content, accept, patience });
        const { ok, status } = response;
        if (!ok || answerAs === 'json') return { status, body: await readJson(response, patience) };
        const bytes = await readBytes(response, limits.maxContentBytes, patience);
        return { status, body: answerAs === 'lines' && bytes ? new TextDecoder().decode(bytes) : bytes };
      } finally {
        patience.dispose();
      }
    },
  };
}

export const { postJson, sendRequest } = createRelayApi(LIMITS);

interface RelayRequest {
  readonly url: string;
  readonly method: string;
  readonly bearerToken: string | undefined;
  readonly body: unknown;
  /** In place of `body`. */
  readonly content?: Uint8Array | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly accept: string;
  /** Also for reading the answer. */
  readonly patience: Patience;
}

/** Ends a request that takes too long, or of which nothing comes for too long. */
class Patience implements Disposable {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly isForSilence: boolean;

  constructor(limitMs: number, isForSilence: boolean) {
    this.isForSilence = isForSilence;
    const reason = isForSilence
      ? `nothing has come from it for ${Math.ceil(limitMs / 1_000)} s: the connection is too slow, or broken`
      : 'it did not answer in time';
    this.timer = setTimeout(() => this.controller.abort(new DOMException(reason, 'TimeoutError')), limitMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Something has come. */
  noteArrival(): void {
    if (this.isForSilence && !this.signal.aborted) this.timer.refresh();
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}

function request(wanted: RelayRequest): Promise<Response> {
  const { url, method, bearerToken, body, content, headers, accept, patience } = wanted;
  const json = body === undefined ? undefined : JSON.stringify(body);
  const type = content ? 'application/octet-stream' : 'application/json';
  const answer = fetch(url, {
    method,
    redirect: 'error',
    headers: {
      Accept: accept,
      ...(content || json !== undefined ? { 'Content-Type': type } : {}),
      ...(bearerToken === undefined ? {} : { Authorization: `Bearer ${bearerToken}` }),
      ...headers,
    },
    body: content ? new Blob([new Uint8Array(content)]) : (json ?? null),
    signal: patience.signal,
  });
  return explained(answer);
}

/** Undefined when there are more: nothing that large is a relay's. */
async function readBytes(response: Response, maxBytes: number, patience: Patience): Promise<Uint8Array | undefined> {
  const stream: ReadableStream<Uint8Array> | null = response.body;
  const reader = stream?.getReader();
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  for (;;) {
    const { value } = (reader && (await explained(reader.read()))) ?? {};
    if (!value) return join(pieces, byteLength);
    patience.noteArrival();
    byteLength += value.byteLength;
    if (byteLength > maxBytes) {
      // What is left is dropped with the connection.
      await reader?.cancel();
      return undefined;
    }
    pieces.push(value);
  }
}

function join(pieces: readonly Uint8Array[], byteLength: number): Uint8Array {
  const whole = new Uint8Array(byteLength);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}

function parseJson(bytes: Uint8Array | undefined): unknown {
  if (!bytes) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

function explained<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw new Error(reasonOf(error), { cause: error });
  });
}

// fetch says only "fetch failed"; why is in the cause.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return error.message;
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
