import type { PostJson } from '../../../shared/sync/index.ts';

const REQUEST_TIMEOUT_MS = 10_000;

/** POSTs JSON from a page to the relay that served it. */
export const postJson: PostJson = async (url, body, bearerToken) => {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    credentials: 'omit',
    headers: {
      'Content-Type': 'application/json',
      ...(bearerToken === undefined ? {} : { Authorization: `Bearer ${bearerToken}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  return { status: response.status, body: answer };
};
