import type { IncomingMessage } from 'node:http';

/** Says whether a request may come from where it says: the same host, a configured origin, or no browser at all. */
export function createOriginCheck(allowedOrigins: readonly string[]): (request: IncomingMessage) => boolean {
  const allowed = new Set(allowedOrigins.map((origin) => new URL(origin).origin));
  return ({ headers }) => {
    const { origin, host } = headers;
    // Only browsers send an origin, and they always do.
    if (origin === undefined) return true;
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    return allowed.has(url.origin) || (/^https?:$/.test(url.protocol) && url.host === host?.toLowerCase());
  };
}
