import type { IncomingMessage } from 'node:http';

/**
 * Says whether a request may come from where it says: the same host, a configured origin, or no browser at all. What
 * came encrypted must not be from a page that anybody on the way could have changed.
 */
export function createOriginCheck(
  allowedOrigins: readonly string[],
  isSecure: (request: IncomingMessage) => boolean,
): (request: IncomingMessage) => boolean {
  const allowed = new Set(allowedOrigins.map((origin) => new URL(origin).origin));
  return (request) => {
    const { origin, host } = request.headers;
    // Only browsers send an origin, and they always do.
    if (origin === undefined) return true;
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    if (allowed.has(url.origin)) return true;
    const isWeb = url.protocol === 'https:' || (url.protocol === 'http:' && !isSecure(request));
    return isWeb && url.host === host?.toLowerCase();
  };
}
