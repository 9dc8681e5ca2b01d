import type { Disposable } from '../../../shared/lifecycle/index.ts';
import type { SendRequest } from '../../../shared/sync/administration/index.ts';
import type { PostJson } from '../../../shared/sync/index.ts';

const REQUEST_TIMEOUT_MS = 10_000;

/** POSTs JSON from a page to the relay that served it. */
export const postJson: PostJson = postJsonWithin(REQUEST_TIMEOUT_MS);

/** As {@link postJson}, but rejects when no answer has come after `timeoutMs`. */
export function postJsonWithin(timeoutMs: number): PostJson {
  return async (url, body, bearerToken) => {
    const response = await request({ url, method: 'POST', bearerToken, body, accept: 'application/json', timeoutMs });
    return { status: response.status, body: await readJson(response) };
  };
}

/** Asks the relay that served the page for something as an owner. */
export const sendRequest: SendRequest = async ({ method, url, bearerToken, answerAs, idleTimeoutMs, ...content }) => {
  const accept = answerAs === 'lines' ? 'application/x-ndjson' : '*/*';
  const silence = idleTimeoutMs === undefined ? undefined : new Silence(idleTimeoutMs);
  try {
    const signal = silence?.signal;
    const response = await request({
      url,
      method,
      bearerToken,
      accept,
      body: undefined,
      ...content,
      ...(signal && { signal }),
    });
    const heard = silence?.listenTo(response) ?? response;
    const { ok, status } = response;
    if (!ok || answerAs === 'json') return { status, body: await readJson(heard) };
    return { status, body: answerAs === 'lines' ? await heard.text() : new Uint8Array(await heard.arrayBuffer()) };
  } finally {
    silence?.dispose();
  }
};

/** Ends a request of which nothing comes for too long. */
class Silence implements Disposable {
  private readonly controller = new AbortController();
  private readonly limitMs: number;
  private timer = 0;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The same answer; each piece of it breaks the silence. */
  listenTo(response: Response): Response {
    if (!response.body) return response;
    const listener = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (piece, controller) => {
        this.restart();
        controller.enqueue(piece);
      },
    });
    return new Response(response.body.pipeThrough(listener), { status: response.status });
  }

  dispose(): void {
    window.clearTimeout(this.timer);
  }

  private restart(): void {
    window.clearTimeout(this.timer);
    const reason = `nothing has come from it for ${Math.ceil(this.limitMs / 1_000)} s: the connection is too slow, or broken`;
    this.timer = window.setTimeout(() => this.controller.abort(new DOMException(reason, 'TimeoutError')), this.limitMs);
  }
}

interface PageRequest {
  readonly url: string;
  readonly method: string;
  readonly bearerToken: string | undefined;
  readonly body: unknown;
  /** In place of `body`. */
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly accept: string;
  readonly timeoutMs?: number;
  /** In place of `timeoutMs`. */
  readonly signal?: AbortSignal;
}

function request(wanted: PageRequest): Promise<Response> {
  const { url, method, bearerToken, body, bytes, headers, accept, timeoutMs = REQUEST_TIMEOUT_MS } = wanted;
  const { signal = AbortSignal.timeout(timeoutMs) } = wanted;
  const json = body === undefined ? undefined : JSON.stringify(body);
  const type = bytes ? 'application/octet-stream' : 'application/json';
  return fetch(url, {
    method,
    redirect: 'error',
    credentials: 'omit',
    headers: {
      Accept: accept,
      ...(bytes || json !== undefined ? { 'Content-Type': type } : {}),
      ...(bearerToken === undefined ? {} : { Authorization: `Bearer ${bearerToken}` }),
      ...headers,
    },
    body: bytes ? new Blob([new Uint8Array(bytes)]) : (json ?? null),
    signal,
  });
}

async function readJson(response: Response): Promise<unknown> {
  const answer: unknown = await response.json().catch(() => undefined);
  return answer;
}
