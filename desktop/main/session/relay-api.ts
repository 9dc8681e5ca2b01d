import type { SendRequest } from '../../../shared/sync/administration/index.ts';
import type { PostJson } from '../../../shared/sync/index.ts';

export interface RelayApiLimits {
  /** Until the whole answer is there, when it is JSON. */
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
  const readJson = async (response: Response) => parseJson(await readBytes(response, limits.maxJsonBytes));
  return {
    async postJson(url, body, bearerToken) {
      const timeoutMs = limits.jsonTimeoutMs;
      const response = await request({ url, method: 'POST', bearerToken, body, accept: 'application/json', timeoutMs });
      return { status: response.status, body: await readJson(response) };
    },
    async sendRequest({ method, url, bearerToken, body, bytes: content, headers, answerAs, timeoutMs: wanted }) {
      const isSmall = answerAs === 'json' && content === undefined;
      const timeoutMs = wanted ?? (isSmall ? limits.jsonTimeoutMs : limits.contentTimeoutMs);
      const accept = answerAs === 'lines' ? 'application/x-ndjson' : '*/*';
      const response = await request({ url, method, bearerToken, body, content, headers, accept, timeoutMs });
      const { ok, status } = response;
      if (!ok || answerAs === 'json') return { status, body: await readJson(response) };
      const bytes = await readBytes(response, limits.maxContentBytes);
      return { status, body: answerAs === 'lines' && bytes ? new TextDecoder().decode(bytes) : bytes };
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
  readonly timeoutMs: number;
}

function request(wanted: RelayRequest): Promise<Response> {
  const { url, method, bearerToken, body, content, headers, accept, timeoutMs } = wanted;
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
    signal: AbortSignal.timeout(timeoutMs),
  });
  return explained(answer);
}

/** Undefined when there are more: nothing that large is a relay's. */
async function readBytes(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const stream: ReadableStream<Uint8Array> | null = response.body;
  const reader = stream?.getReader();
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  for (;;) {
    const { value } = (reader && (await explained(reader.read()))) ?? {};
    if (!value) return join(pieces, byteLength);
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
  if (error.name === 'TimeoutError') return 'it did not answer in time';
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
