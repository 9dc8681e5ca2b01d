import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { PostgresServer } from '../testing/postgres-server.ts';
import { runCli, startRelay } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { S3Server } from '../testing/s3-server.ts';
import { describeObjectsClaims, describeObjectsMark } from './objects-claim.contract.ts';
import { openPostgresStorage } from './postgres.ts';
import { type S3Options, S3Mark, S3SnapshotStore } from './s3.ts';

let postgres: PostgresServer;
let s3: S3Server;
beforeAll(async () => {
  [postgres, s3] = await Promise.all([PostgresServer.start(), S3Server.start()]);
});
afterAll(async () => {
  await Promise.all([postgres.dispose(), s3.dispose()]);
});
beforeEach(() => {
  // What the S3 server takes, for the commands.
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'S3RVER');
  onTestFinished(() => void vi.unstubAllEnvs());
});

async function openStorage(url: string) {
  const storage = await openPostgresStorage(url, { reportProblem: () => {} });
  onTestFinished(() => storage.close());
  return storage;
}

function openMark(options: S3Options): S3Mark {
  const mark = new S3Mark(options);
  onTestFinished(() => mark.dispose());
  return mark;
}

describeObjectsClaims('Postgres', async () => openStorage(await postgres.createDatabase()));
describeObjectsMark('S3', () => openMark({ ...s3.options(), prefix: 'tutti/' }));

it('tells a copy of the database whose bucket it is served with, and lets it take that over', async () => {
  const options = { ...s3.options(), prefix: 'tutti/' };
  const bucket = `s3://${options.bucket}/tutti?endpoint=${s3.endpoint}&region=us-east-1&path-style=true`;
  const mark = openMark(options);
  const backends = (url: string) => ['--data', temporaryFolder(), '--postgres', url, '--s3', bucket];
  const original = await postgres.createDatabase();
  const first = await startRelay(...backends(original));
  await expect.poll(() => mark.read()).toBeDefined();
  await first.end('SIGTERM');
  expect(first.errors()).not.toContain('another database');
  const copy = postgres.url('copied');
  const name = new URL(original).pathname.slice(1);
  await postgres.query(postgres.url('postgres'), `CREATE DATABASE copied TEMPLATE "${name}"`);
  // As the relays of the original do after a while.
  expect(await runCli('take-over-objects', ...backends(original))).toMatchObject({ code: 0, stderr: '' });

  const second = await startRelay(...backends(copy));
  await expect
    .poll(() => second.errors())
    .toMatch(/^tutti-relay: What is in the bucket bucket-\d+\/tutti at http\S+ belongs to another database.*\n$/m);
  await second.end('SIGTERM');
  const taken = await runCli('take-over-objects', ...backends(copy));
  expect(taken).toMatchObject({ code: 0, stderr: '' });
  expect(taken.stdout).toContain('belongs to this database');
  const [ownClaim, lostClaim] = await Promise.all(
    [copy, original].map(async (url) => (await openStorage(url)).objectsClaims.read()),
  );
  expect(await mark.read()).toBe(ownClaim?.next);
  expect(lostClaim?.next).not.toBe(ownClaim?.next);
  // It shares the bucket with everything else, and hides nothing.
  const snapshots = new S3SnapshotStore(options);
  onTestFinished(() => snapshots.dispose());
  expect(await snapshots.list({ tenant: 't', room: 'r', document: 'd' })).toEqual([]);
});

it('has nothing to take over when the objects lie beside the database', async () => {
  const result = await runCli('take-over-objects', '--data', temporaryFolder());
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.stdout).toContain('nothing to take over');
});

it('says that the bucket cannot be reached', async () => {
  const bucket = 's3://bucket?endpoint=http://127.0.0.1:1&region=us-east-1&path-style=true';
  const result = await runCli('take-over-objects', '--data', temporaryFolder(), '--s3', bucket);
  expect(result).toMatchObject({ code: 1, stdout: '' });
  expect(result.stderr).toMatch(/^tutti-relay: The object tutti-owner cannot be read\. .*cannot be reached.*\n$/);
});

it('refuses to repair a document when the bucket is left out', async () => {
  const options = { ...s3.options(), prefix: 'tutti/' };
  const key = { tenant: 'default', room: 'room', document: 'file' };
  const url = await postgres.createDatabase();
  const { log } = await openStorage(url);
  const snapshots = new S3SnapshotStore(options);
  onTestFinished(() => snapshots.dispose());
  // An empty update of Yjs.
  const payload = new Uint8Array([0, 0]);
  const session = { subject: 'ada', sessionId: 's' };
  await log.append([{ key, epochWhenNew: 'e', updates: [{ session, clientSeq: 1, name: 'Ada', timeMs: 1, payload }] }]);
  const snapshotId = await snapshots.write(key, 1, payload);
  await log.setSnapshot(key, { seq: 1, snapshotId, byteLength: 2 }, undefined);
  const before = await log.readDocument(key);

  const names = ['--data', temporaryFolder(), '--postgres', url, '--room', 'room', '--document', 'file'];
  const repairIn = (place: string) =>
    runCli('repair', ...names, '--apply', '--s3', `s3://${place}?endpoint=${s3.endpoint}&region=x&path-style=true`);
  for (const refused of [await runCli('repair', ...names, '--apply'), await repairIn(`${options.bucket}/other`)]) {
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^tutti-relay: .* has a snapshot by its database, .*--give-up-missing-objects\.\n$/);
  }
  expect((await repairIn('nowhere')).stderr).toContain('There is no bucket nowhere');
  expect(await log.readDocument(key)).toEqual(before);
  const repaired = await repairIn(`${options.bucket}/tutti`);
  expect(repaired).toMatchObject({ code: 0, stderr: '' });
  expect(repaired.stdout).toContain('is sound');
});
