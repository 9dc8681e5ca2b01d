import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { PostgresServer } from '../testing/postgres-server.ts';
import { createTypist } from '../testing/raw-client.ts';
import { runCli, startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { openWebSocket } from '../testing/websocket-client.ts';
import { openPostgresStorage } from './postgres.ts';

const UPDATES = 120;
/** Too long to become one update when they come together. */
const TEXT = 'x'.repeat(9_000);

it('repairs a document beside the running relay, which has refused it', async () => {
  const data = temporaryFolder();
  const first = await startRelay('--data', data);
  const token = await tokenFor(data, 'room');
  const ada = await openWebSocket(first.url, 'room');
  ada.client.hello(token);
  await ada.until('welcome');
  for (const [handle, document] of ['file', 'other'].entries()) ada.client.open(handle, document);
  await ada.until('opened', ({ handle }) => handle === 1);
  const typist = createTypist(1);
  for (let count = 1; count <= UPDATES; count++) ada.client.update(0, count, typist.type(TEXT));
  ada.client.update(1, UPDATES + 1, createTypist(2).type('fine'));
  await ada.until('ack', ({ handle, clientSeq }) => handle === 0 && clientSeq === UPDATES);
  await ada.until('ack', ({ handle }) => handle === 1);
  const database = new Database(join(data, 'relay.db'));
  const findSnapshot = database.prepare("SELECT snapshot_id FROM documents WHERE document = 'file'").pluck();
  while (!findSnapshot.get()) await new Promise((resolve) => setImmediate(resolve));
  await first.end('SIGKILL');

  const snapshotId = String(findSnapshot.get());
  const folder = join(data, 'snapshots');
  const path = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith(snapshotId));
  writeFileSync(join(folder, path ?? ''), 'nonsense');
  database.prepare("UPDATE updates SET payload = x'070707' WHERE seq = ? AND document_id = 1").run(UPDATES);
  database.close();

  const second = await startRelay('--data', data);
  const bob = await openWebSocket(second.url, 'room');
  bob.client.hello(token, 'session-of-bob-01');
  await bob.until('welcome');
  bob.client.open(0, 'file');
  bob.client.open(1, 'other');
  expect(await bob.until('document-closed')).toMatchObject({ handle: 0, reason: 'unreadable' });
  await bob.until('opened', ({ handle }) => handle === 1);
  expect(second.errors()).toContain(snapshotId);

  const names = ['--data', data, '--room', 'room', '--document', 'file'];
  const checked = await runCli('repair', ...names);
  expect(checked).toMatchObject({ code: 1, stderr: '' });
  expect(checked.stdout).toMatch(
    /is damaged: 120 updates.*\n- its snapshot: .*\n- update 120: .*\nNothing was changed/,
  );
  expect(await runCli('repair', ...names, '--apply')).toMatchObject({ code: 0, stderr: '' });
  expect((await runCli('repair', ...names)).stdout).toContain('is sound: 120 updates');
  const all = await runCli('repair', '--data', data, '--room', 'room');
  expect([all.code, all.stderr]).toEqual([0, '']);
  expect(all.stdout).toMatch(/^The document file .*\nThe document other .*\n2 documents in room room: 2 sound\.\n$/);

  bob.client.open(2, 'file', { epoch: 'an-old-one' });
  const { stateVector } = await bob.until('opened', ({ handle }) => handle === 2);
  await bob.until('sync', ({ handle, isLast }) => handle === 2 && isLast);
  expect(bob.client.textOf(2)).toBe(TEXT.repeat(UPDATES - 1));
  expect(stateVector.byteLength).toBeGreaterThan(1);
});

it('repairs a document in Postgres', async () => {
  const server = await PostgresServer.start();
  onTestFinished(() => server.dispose());
  const url = await server.createDatabase();
  const { log, close } = await openPostgresStorage(url, { reportProblem: () => {} });
  onTestFinished(close);
  const key = { tenant: 'default', room: 'room', document: 'file' };
  const typist = createTypist(1);
  const updates = ['one ', 'two ', 'three '].map((word, index) => {
    const session = { subject: 'ada', sessionId: 'session-of-ada-01' };
    return { session, clientSeq: index + 1, name: 'Ada', timeMs: 1, payload: typist.type(word) };
  });
  await log.append([{ key, epochWhenNew: 'first', updates }]);
  await log.setSnapshot(key, { seq: 2, snapshotId: 'lost', byteLength: 9 }, undefined);
  await server.query(url, "UPDATE tutti.updates SET payload = '\\x070707' WHERE seq = 3");

  const data = temporaryFolder();
  const mistaken = ['--data', data, '--postgres', url, '--room', 'room', '--document', 'file'];
  const refused = await runCli('repair', ...mistaken, '--apply');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^tutti-relay: .* has a snapshot by its database.* --give-up-missing-objects\.\n$/);
  const names = [...mistaken, '--give-up-missing-objects'];
  const checked = await runCli('repair', ...names);
  expect(checked).toMatchObject({ code: 1, stderr: '' });
  expect(checked.stdout).toMatch(/is damaged: 3 updates.*\n- its snapshot: .*\n- update 3: .*\nNothing was changed/);
  expect(await log.readDocument(key)).toMatchObject({ epoch: 'first', snapshot: { snapshotId: 'lost' } });
  expect(await runCli('repair', ...names, '--apply')).toMatchObject({ code: 0, stderr: '' });
  expect(await runCli('repair', ...names)).toMatchObject({
    code: 0,
    stdout: 'The document file in room room is sound: 3 updates.\n',
  });
  expect(await runCli('repair', '--data', data, '--postgres', url, '--room', 'other')).toMatchObject({
    code: 1,
    stdout: 'There is no document in room other. Check the names.\n',
  });
  expect(await server.query(url, 'SELECT seq, payload, session_id FROM tutti.damaged_updates')).toEqual([
    { seq: '3', payload: Buffer.from([7, 7, 7]), session_id: 'session-of-ada-01' },
  ]);

  const relay = await startRelay('--data', data, '--postgres', url);
  const bob = await openWebSocket(relay.url, 'room');
  bob.client.hello(await tokenFor(data, 'room', 'editor', '--postgres', url));
  await bob.until('welcome');
  bob.client.open(0, 'file', { epoch: 'first' });
  await bob.until('opened');
  expect(bob.client.textOf(0)).toBe('one two ');
});
