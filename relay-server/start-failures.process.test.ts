import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from './testing/postgres-server.ts';
import { runCli, startRelay, tokenFor } from './testing/relay-process.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';
import { S3Server } from './testing/s3-server.ts';

let postgres: PostgresServer;
let s3: S3Server;

beforeAll(async () => {
  [postgres, s3] = await Promise.all([PostgresServer.start(), S3Server.start()]);
});

afterAll(async () => {
  await Promise.all([postgres.dispose(), s3.dispose()]);
});

const bucket = (query: string) => `s3://${query}`;

async function servedWithBucket(): Promise<{ url: string; args: readonly string[] }> {
  const url = await postgres.createDatabase();
  const args = [
    '--postgres',
    url,
    '--s3',
    bucket(`${s3.createBucket()}?endpoint=${s3.endpoint}&region=r&path-style=true`),
  ];
  const relay = await startRelay('--data', temporaryFolder(), ...args);
  // The mark is written in the first moments.
  const again = await startRelay('--data', temporaryFolder(), ...args);
  expect(relay.errors() + again.errors()).not.toContain('are not in');
  return { url, args };
}

// A relay that starts all the same is ended after 30 s, which fails the test.
describe('a relay that cannot start ends, and says in a sentence what to do', () => {
  it.each([
    [
      'a database that asks for a password',
      () => ['--postgres', `${postgres.url('postgres').replace(/:[^:@]*@/, '@')}`],
      /asks for a password, and its address has none\. Give one: postgres:\/\/USER:PASSWORD@/,
    ],
    [
      'a database that cannot be reached',
      () => ['--postgres', 'postgres://tutti@127.0.0.1:1/tutti'],
      /^tutti-relay: The database tutti at 127\.0\.0\.1:1 does not answer \([^)]+\)\. Check that .* can be reached\.\n$/,
    ],
    [
      'the address of a database without a host',
      () => ['--postgres', 'postgres:///tutti'],
      /address of the database names no host\. Write it as postgres:\/\/USER:PASSWORD@HOST/,
    ],
    [
      'no such bucket',
      () => ['--s3', bucket(`nowhere?endpoint=${s3.endpoint}&region=us-east-1&path-style=true`)],
      /There is no bucket nowhere at http:\S+\. Make it, or name another\./,
    ],
    [
      'a bucket without a region',
      () => ['--s3', bucket(`${s3.createBucket()}?endpoint=${s3.endpoint}&path-style=true`)],
      /The region of http:\S+ is not known\. Name it: \?region=REGION/,
    ],
    [
      'a word where true or false belongs',
      () => ['--s3', bucket(`b?endpoint=${s3.endpoint}&path-style=yes`)],
      /path-style is true or false/,
    ],
  ])('%s', async (_name, args, message) => {
    const { code, stdout, stderr } = await runCli('serve', '--port', '0', '--data', temporaryFolder(), ...args());
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

it.each([
  ['without the bucket that others use', (url: string) => ['--postgres', url]],
  [
    'with another bucket than others use',
    (url: string) => [
      ...['--postgres', url],
      ...['--s3', bucket(`${s3.createBucket()}?endpoint=${s3.endpoint}&region=r&path-style=true`)],
    ],
  ],
])('a node does not start %s, until it is told that this is meant', async (_name, args) => {
  const { url } = await servedWithBucket();
  const data = temporaryFolder();
  const { code, stderr } = await runCli('serve', '--port', '0', '--data', data, ...args(url));
  expect([code, stderr]).toEqual([1, expect.stringMatching(/are not in .* Give this relay the same --s3/)]);
  const meant = args(url);
  expect((await runCli('take-over-objects', '--data', data, ...meant)).code).toBe(0);
  const relay = await startRelay('--data', data, ...meant);
  expect(relay.errors()).not.toContain('are not in');
});

describe('a relay that starts with something amiss says so', () => {
  it('a bucket that does not answer, which may be back soon', async () => {
    const relay = await startRelay('--data', temporaryFolder(), '--s3', 's3://b?endpoint=http://127.0.0.1:1&region=r');
    await expect
      .poll(() => relay.errors(), { timeout: 10_000 })
      .toMatch(/cannot be reached .*\. The relay tries again by itself\.$/m);
  });

  it('a key that was lost, with the database that it belongs to still there', async () => {
    const data = temporaryFolder();
    await tokenFor(data, 'room');
    rmSync(join(data, 'relay-key.json'));
    const relay = await startRelay('--data', data);
    expect(relay.errors()).toMatch(/key \S+relay-key\.json is gone: a new one is made/);
  });

  it('a key of its own beside a database for several nodes', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data, '--postgres', await postgres.createDatabase());
    expect(relay.errors()).toMatch(/several nodes, give all of them the same file with --key/);
  });

  it('a database that is a folder', async () => {
    const data = temporaryFolder();
    mkdirSync(join(data, 'relay.db'));
    writeFileSync(join(data, 'relay.db', 'x'), '');
    const { code, stderr } = await runCli('serve', '--port', '0', '--data', data);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/relay\.db (is a folder|cannot be opened)/)]);
  });
});
