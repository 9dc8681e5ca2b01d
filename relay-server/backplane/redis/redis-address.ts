import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorMessage } from '../../../shared/lifecycle/index.ts';

/** Where a Redis server is, and who asks. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** A file with certificates of authorities that are trusted in place of the usual ones, in PEM. */
  readonly authorityFile: string | undefined;
  /** For people; without the password. */
  readonly label: string;
}

const DEFAULT_PORT = 6379;

/**
 * Reads `redis://[[USER]:PASSWORD@]HOST[:PORT]`, or `rediss://…[?ca=FILE]` for TLS.
 * @throws TypeError that says what is wrong with it, without repeating the password
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parsed = URL.parse(url);
  if (!parsed || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '') {
    throw new TypeError('The address of Redis has to be like redis://USER:PASSWORD@HOST:6379, or rediss:// for TLS.');
  }
  // Channels are the same in all databases of a server.
  if (!/^\/?\d*$/.test(parsed.pathname) || parsed.hash !== '') {
    throw new TypeError('The address of Redis may not go on after the port.');
  }
  const isEncrypted = parsed.protocol === 'rediss:';
  const { ca, ...unknown } = Object.fromEntries(parsed.searchParams);
  if (Object.keys(unknown).length > 0 || ca === '' || (ca !== undefined && !isEncrypted)) {
    throw new TypeError(
      'After the port of rediss:// there may be ?ca=FILE, with the authorities to trust, and no more.',
    );
  }
  const port = parsed.port === '' ? DEFAULT_PORT : Number(parsed.port);
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    isEncrypted,
    username: decode('user name', parsed.username),
    password: decode('password', parsed.password),
    authorityFile: ca,
    label: `${parsed.protocol}//${parsed.hostname}:${port}`,
  };
}

/**
 * Reads the certificates of authorities in a file.
 * @throws TypeError that says what is wrong with it
 */
export function readAuthorities(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = errorMessage(cause);
    throw new TypeError(`The authorities of Redis cannot be read from ${path} (${reason}).`, { cause });
  }
  try {
    new X509Certificate(text);
  } catch (cause) {
    throw new TypeError(`The file ${path} does not begin with a certificate in PEM.`, { cause });
  }
  return text;
}

function decode(what: string, part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError(`The ${what} in the address of Redis is not percent-encoded: write % as %25, @ as %40.`);
  }
}
