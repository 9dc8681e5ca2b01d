/** Where a Redis server is, and who asks. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** For people; without the password. */
  readonly label: string;
}

const DEFAULT_PORT = 6379;

/**
 * Reads `redis://[[USER]:PASSWORD@]HOST[:PORT]`, or `rediss://` for TLS.
 * @throws TypeError that says what is wrong with it, without repeating the password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parsed = URL.parse(url);
  if (!parsed || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '') {
    throw new TypeError('The address of Redis has to be like redis://USER:PASSWORD@HOST:6379, or rediss:// for TLS.');
  }
  // Channels are the same in all databases of a server.
  if (!/^\/?\d*$/.test(parsed.pathname) || parsed.search !== '' || parsed.hash !== '') {
    throw new TypeError('The address of Redis may not go on after the port.');
  }
  const isEncrypted = parsed.protocol === 'rediss:';
  const port = parsed.port === '' ? DEFAULT_PORT : Number(parsed.port);
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    isEncrypted,
    username: decode('user name', parsed.username),
    password: decode('password', parsed.password),
    label: `${parsed.protocol}//${parsed.hostname}:${port}`,
  };
}

function decode(what: string, part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError(`The ${what} in the address of Redis is not percent-encoded: write % as %25, @ as %40.`);
  }
}
