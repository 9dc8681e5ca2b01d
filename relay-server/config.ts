import { InvalidArgumentError } from 'commander';
import { BlockList, isIP } from 'node:net';
import { LARGEST_MAX_BLOB_BYTES } from './blobs/index.ts';
import { OperatorError } from './data-folder.ts';

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MAX_DURATION_MS = 10 * 365 * UNITS_MS.d;

/** Reads a duration such as `45s`, `15m`, `1h` or `30d`, in milliseconds. */
export function parseDuration(value: string): number {
  const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(value) ?? [];
  const unitMs = unit === 's' || unit === 'm' || unit === 'h' || unit === 'd' ? UNITS_MS[unit] : undefined;
  const durationMs = unitMs === undefined ? NaN : Number(amount) * unitMs;
  if (!(durationMs > 0 && durationMs <= MAX_DURATION_MS)) {
    throw new InvalidArgumentError('Give a duration such as 45s, 15m, 1h or 30d.');
  }
  return durationMs;
}

/** For values that may hold a password: the library repeats what it refuses, this does not. */
function refuseQuietly(option: string, advice: string): OperatorError {
  return new OperatorError(`The value of ${option} is not usable. ${advice}`);
}

export function parsePort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('Give a port from 0 (any free one) to 65535.');
  return port;
}

export function parseRoom(value: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(value)) {
    throw new InvalidArgumentError('A room has 1 to 64 letters, digits, - and _.');
  }
  return value;
}

export function parseTenant(value: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(value)) {
    throw new InvalidArgumentError('A tenant has 1 to 64 letters, digits, - and _.');
  }
  return value;
}

/** An http(s) address, without a slash at its end. */
export function parsePublicUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.href.includes('@') || url.search || url.hash) {
    throw refuseQuietly('--public-url', 'Give an address such as https://tutti.example.org.');
  }
  return url.href.replace(/\/+$/, '');
}

export function parseCount(value: string): number {
  const count = /^\d{1,7}$/.test(value) ? Number(value) : NaN;
  if (!(count >= 1)) throw new InvalidArgumentError('Give a whole number from 1.');
  return count;
}

const SIZE_UNITS = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

/** Reads a size such as `512MiB` or `10GiB`, in bytes. */
export function parseSize(value: string): number {
  const [, amount, unit = ''] = /^(\d{1,15})(KiB|MiB|GiB|TiB)?$/.exec(value) ?? [];
  const factor = Object.entries(SIZE_UNITS).find(([name]) => name === unit)?.[1] ?? NaN;
  const bytes = amount === undefined ? NaN : Number(amount) * factor;
  if (!(bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER))
    throw new InvalidArgumentError('Give a size such as 100MiB, 2GiB or a number of bytes.');
  return bytes;
}

/** How large one file may be whose content is no text. */
export function parseBlobSize(value: string): number {
  const bytes = parseSize(value);
  if (bytes > LARGEST_MAX_BLOB_BYTES) throw new InvalidArgumentError('Give a size of at most 4GiB.');
  return bytes;
}

/** People who come back and lack fewer updates than this are sent just these: they must be at hand. */
const MIN_KEPT_UPDATES = 2_000;

/** How many of a document's newest updates stay in the database. */
export function parseKeptUpdates(value: string): number {
  const count = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (!(count >= MIN_KEPT_UPDATES)) throw new InvalidArgumentError(`Give a whole number from ${MIN_KEPT_UPDATES}.`);
  return count;
}

/** A bucket of an S3-compatible server. */
export interface S3Location {
  readonly bucket: string;
  /** Begins every object's key. */
  readonly prefix?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly forcePathStyle?: boolean;
}

/** Reads `s3://BUCKET/PREFIX?endpoint=https://…&region=…&path-style=true`. Credentials are not part of it. */
export function parseS3Location(value: string): S3Location {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  // What looks like a port is the beginning of a password.
  if (url?.protocol !== 's3:' || url.hostname === '' || url.username || url.password || url.port || url.hash) {
    throw refuseQuietly('--s3', 'Give a bucket such as s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION.');
  }
  const known = ['endpoint', 'region', 'path-style'];
  const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is unknown; there are ${known.join(', ')}.`);
  const endpoint = url.searchParams.get('endpoint');
  if (endpoint !== null && !isEndpoint(endpoint)) {
    throw refuseQuietly('--s3', 'Its endpoint is an address such as https://s3.example.org, without credentials.');
  }
  const region = url.searchParams.get('region');
  const pathStyle = url.searchParams.get('path-style') ?? 'false';
  if (!/^(true|false)$/.test(pathStyle)) throw new InvalidArgumentError('path-style is true or false.');
  const path = url.pathname.replace(/^\/|\/$/g, '');
  return {
    bucket: url.hostname,
    ...(path !== '' && { prefix: `${path}/` }),
    ...(endpoint !== null && { endpoint }),
    ...(region !== null && { region }),
    forcePathStyle: pathStyle === 'true',
  };
}

function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && !/[@#]/.test(value);
}

/** Reads addresses and networks such as `10.0.0.0/8,::1`. */
export function parseNetworks(value: string): BlockList {
  const networks = new BlockList();
  for (const text of value.split(',').map((part) => part.trim())) {
    const [address = '', prefix, ...more] = text.split('/');
    const family = isIP(address);
    const longest = family === 4 ? 32 : 128;
    const length = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
    if (family === 0 || more.length > 0 || !(length <= longest)) {
      throw new InvalidArgumentError(`"${text}" is no address or network such as 10.0.0.0/8, 192.0.2.7 or fd00::/8.`);
    }
    networks.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  }
  return networks;
}

export function parsePostgresUrl(value: string): string {
  if (!URL.canParse(value) || !/^postgres(ql)?:$/.test(new URL(value).protocol)) {
    throw refuseQuietly('--postgres', 'Give an address such as postgres://USER:PASSWORD@HOST:5432/DATABASE.');
  }
  return value;
}

export function parseRedisUrl(value: string): string {
  if (!URL.canParse(value) || !/^rediss?:$/.test(new URL(value).protocol)) {
    throw refuseQuietly('--redis', 'Give an address such as redis://:PASSWORD@HOST:6379.');
  }
  return value;
}
