const PAGE = /^(?:join\/[^/]+)?$/;
const ASSET = /^assets\/[^?#]+$/;

/**
 * What of a guest's page is asked for: the page itself, whatever its room, or a file whose name has the hash of its
 * content. Undefined: nothing that is ever kept, such as the relay's API. `scope` is the address below which the relay
 * serves, with a slash at the end.
 */
export function findRoute(
  { method, mode, url }: Pick<Request, 'method' | 'mode' | 'url'>,
  scope: string,
): 'page' | 'asset' | undefined {
  if (method !== 'GET' || !url.startsWith(scope)) return undefined;
  const rest = url.slice(scope.length);
  if (mode === 'navigate') return PAGE.test(rest.replace(/[?#].*$/s, '')) ? 'page' : undefined;
  return ASSET.test(rest) ? 'asset' : undefined;
}
