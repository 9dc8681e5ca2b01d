import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { errorMessage } from '../shared/lifecycle/index.ts';
import {
  parseBlobSize,
  parsePostgresUrl,
  parsePublicUrl,
  parseRedisUrl,
  parseS3Location,
  parseSize,
} from './config.ts';
import { parseRedisUrl as parseRedisAddress } from './backplane/redis/redis-address.ts';
import { parseDatabaseAddress } from './log/postgres/database-address.ts';

/** What the options say of a value; undefined when they take it. */
function refusalOf(parse: (value: string) => unknown, value: string): string | undefined {
  try {
    parse(value);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

beforeEach(() => {
  vi.stubEnv('PGHOST', '');
  onTestFinished(() => void vi.unstubAllEnvs());
});

const postgres = (value: string) => parseDatabaseAddress(parsePostgresUrl(value));
const redis = (value: string) => parseRedisAddress(parseRedisUrl(value));

describe('addresses with a password', () => {
  // Digits, as of a port; and letters.
  const starts = ['61734', 'hush'];
  const refused = [
    ['--postgres', postgres, (password: string) => `postgres://tutti:${password}@127.0.0.1/x`],
    ['--redis', redis, (password: string) => `redis://tutti:${password}@127.0.0.1:6379`],
    ['--s3', parseS3Location, (password: string) => `s3://key:${password}@bucket`],
    ['--s3', parseS3Location, (password: string) => `s3://bucket?endpoint=https://key:${password}@127.0.0.1`],
    ['--public-url', parsePublicUrl, (password: string) => `https://user:${password}@host`],
  ] as const;

  it.each(
    refused.flatMap(([option, parse, addressWith]) =>
      starts.flatMap((start) =>
        ['#', '/', '?'].map((character) => [option, start, character, parse, addressWith] as const),
      ),
    ),
  )('%s: repeats nothing of %s%s…, which is not encoded', (_option, start, character, parse, addressWith) => {
    const refusal = refusalOf(parse, addressWith(`${start}${character}secret`));
    expect(refusal).toBeDefined();
    for (const part of [start, 'secret']) expect(refusal).not.toContain(part);
  });

  it('may have an @ of Postgres or Redis that is not encoded', () => {
    expect(postgres('postgres://tutti:a@b@host:5433/x').label).toBe('x at host:5433');
    expect(redis('redis://tutti:a@b@host')).toMatchObject({
      password: 'a@b',
      host: 'host',
      label: 'redis://host:6379',
    });
  });

  it('may name a host, or the folder of a socket, and not neither', () => {
    expect(postgres('postgres://host').label).toMatch(/ at host:5432$/);
    expect(postgres('postgres:///x?host=/var/run/postgresql').label).toBe('x at /var/run/postgresql:5432');
    for (const address of ['postgres://', 'postgres:///x', 'postgres:///x?sslmode=disable'])
      expect(refusalOf(postgres, address)).toMatch(/names no host\. Write it as postgres:\/\//);
  });
});

describe('sizes', () => {
  it('are bytes, or have a unit', () => {
    const sizes = ['1', '512MiB', '10GiB', '4KiB', '2TiB'].map(parseSize);
    expect(sizes).toEqual([1, 512 * 1024 ** 2, 10 * 1024 ** 3, 4096, 2 * 1024 ** 4]);
    expect(parseBlobSize('4GiB')).toBe(4 * 1024 ** 3);
    for (const value of ['0', '', '-1', '1.5GiB', '1 GiB', '5MB', '1e9', '99999999999TiB'])
      expect([value, refusalOf(parseSize, value)]).toEqual([value, expect.stringContaining('Give a size')]);
    expect(refusalOf(parseBlobSize, '5GiB')).toContain('at most 4GiB');
  });
});
