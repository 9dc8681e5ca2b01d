const RELAY_URL = /^(https?):\/\/(\[[^\]]*\]|[^/:[\]]+)(?::([1-9]\d{0,4}))?((?:\/[A-Za-z0-9._~-]+)*)\/*$/i;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_HOST_LENGTH = 253;

/**
 * Origin and base path of a relay, in lower case and without a slash at the end; undefined when `value` is no plain
 * http(s) address. What a URL parser would read in another way than it is shown does not get through.
 */
export function normalizeRelayUrl(value: string): string | undefined {
  const [, scheme = '', anyCaseHost = '', port, path = ''] = RELAY_URL.exec(value) ?? [];
  const host = anyCaseHost.toLowerCase();
  if (!isHost(host) || /\/\.{1,2}(\/|$)/.test(path) || Number(port ?? 1) > 65_535) return undefined;
  return `${scheme.toLowerCase()}://${host}${port === undefined ? '' : `:${port}`}${path}`;
}

function isHost(host: string): boolean {
  if (host.startsWith('[')) return isIpv6(host.slice(1, -1));
  const labels = host.split('.');
  if (host.length > MAX_HOST_LENGTH || !labels.every((label) => LABEL.test(label))) return false;
  // URL parsers read a host whose last part is a number as an IPv4 address, in many spellings.
  return /^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? isIpv4(labels) : true;
}

function isIpv4(parts: readonly string[]): boolean {
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(address: string): boolean {
  const halves = address.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return false;
  return halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length <= 7;
}
