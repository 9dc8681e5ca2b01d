import type { SendRequest } from '../../../shared/sync/administration/index.ts';
import type { PostJson } from '../../../shared/sync/index.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_JSON_BYTES = 8 * 1024 * 1024;
/** A whole audit, or a proposal. */
const MAX_CONTENT_BYTES = 256 * 1024 * 1024;

/** POSTs JSON to a relay. */
export const postJson: PostJson = async (url, body, bearerToken) => {
  const response = await request(url, 'POST', bearerToken, body);
  return { status: response.status, body: parseJson(await readBytes(response, MAX_JSON_BYTES)) };
};

/** Asks a relay for something as an owner. */
export const sendRequest: SendRequest = async ({ method, url, bearerToken, body, answerAs }) => {
  const response = await request(url, method, bearerToken, body, answerAs === 'lines' ? 'application/x-ndjson' : '*/*');
  const { ok, status } = response;
  if (!ok || answerAs === 'json') return { status, body: parseJson(await readBytes(response, MAX_JSON_BYTES)) };
  const bytes = await readBytes(response, MAX_CONTENT_BYTES);
  return { status, body: answerAs === 'lines' && bytes ? new TextDecoder().decode(bytes) : bytes };
};

async function request(
  url: string,
  method: string,
  bearerToken: string | undefined,
  body: unknown,
  accept = 'application/json',
): Promise<Response> {
  return fetch(url, {
    method,
    redirect: 'error',
    headers: {
      Accept: accept,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(bearerToken === undefined ? {} : { Authorization: `Bearer ${bearerToken}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new Error(reasonOf(error), { cause: error });
  });
}

/** Undefined when there are more: nothing that large is a relay's. */
async function readBytes(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  return bytes.byteLength > maxBytes ? undefined : bytes;
}

function parseJson(bytes: Uint8Array | undefined): unknown {
  if (!bytes) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

// fetch says only "fetch failed"; why is in the cause.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
