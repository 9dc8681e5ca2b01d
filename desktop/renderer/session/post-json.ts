import type { SendRequest } from '../../../shared/sync/administration/index.ts';
import type { PostJson } from '../../../shared/sync/index.ts';

const REQUEST_TIMEOUT_MS = 10_000;

/** POSTs JSON from a page to the relay that served it. */
export const postJson: PostJson = async (url, body, bearerToken) => {
  const response = await request({ url, method: 'POST', bearerToken, body, accept: 'application/json' });
  return { status: response.status, body: await readJson(response) };
};

/** Asks the relay that served the page for something as an owner. */
export const sendRequest: SendRequest = async ({ method, url, bearerToken, answerAs, ...content }) => {
  const accept = answerAs === 'lines' ? 'application/x-ndjson' : '*/*';
  const response = await request({ url, method, bearerToken, accept, body: undefined, ...content });
  const { ok, status } = response;
  if (!ok || answerAs === 'json') return { status, body: await readJson(response) };
  return { status, body: answerAs === 'lines' ? await response.text() : new Uint8Array(await response.arrayBuffer()) };
};

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
}

function request(wanted: PageRequest): Promise<Response> {
  const { url, method, bearerToken, body, bytes, headers, accept, timeoutMs = REQUEST_TIMEOUT_MS } = wanted;
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
    signal: AbortSignal.timeout(timeoutMs),
  });
}

async function readJson(response: Response): Promise<unknown> {
  const answer: unknown = await response.json().catch(() => undefined);
  return answer;
}
