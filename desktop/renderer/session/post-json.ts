import type { SendRequest } from '../../../shared/sync/administration/index.ts';
import type { PostJson } from '../../../shared/sync/index.ts';

const REQUEST_TIMEOUT_MS = 10_000;

/** POSTs JSON from a page to the relay that served it. */
export const postJson: PostJson = async (url, body, bearerToken) => {
  const response = await request({ url, method: 'POST', bearerToken, body, accept: 'application/json' });
  return { status: response.status, body: await readJson(response) };
};

/** Asks the relay that served the page for something as an owner. */
export const sendRequest: SendRequest = async ({ method, url, bearerToken, body, answerAs }) => {
  const accept = answerAs === 'lines' ? 'application/x-ndjson' : '*/*';
  const response = await request({ url, method, bearerToken, body, accept });
  const { ok, status } = response;
  if (!ok || answerAs === 'json') return { status, body: await readJson(response) };
  return { status, body: answerAs === 'lines' ? await response.text() : new Uint8Array(await response.arrayBuffer()) };
};

interface PageRequest {
  readonly url: string;
  readonly method: string;
  readonly bearerToken: string | undefined;
  readonly body: unknown;
  readonly accept: string;
}

function request({ url, method, bearerToken, body, accept }: PageRequest): Promise<Response> {
  return fetch(url, {
    method,
    redirect: 'error',
    credentials: 'omit',
    headers: {
      Accept: accept,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(bearerToken === undefined ? {} : { Authorization: `Bearer ${bearerToken}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
}

async function readJson(response: Response): Promise<unknown> {
  const answer: unknown = await response.json().catch(() => undefined);
  return answer;
}
