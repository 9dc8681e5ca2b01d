import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { clientMessageCodec, PROTOCOL_VERSION, relayMessageCodec } from '../shared/protocol/index.ts';
import { loadRelayIdentity } from './access/relay-identity.ts';
import { findFreePort } from './testing/free-port.ts';
import { KnownSecrets } from './testing/known-secrets.ts';
import { postJson } from './testing/post-json.ts';
import { PostgresServer } from './testing/postgres-server.ts';
import { runCli, startRelay } from './testing/relay-process.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';

const REDIS_PASSWORD = 'hush-of-redis';
const UNKNOWN_SECRET = 'a-secret-that-this-relay-does-not-know';

/** What the relay says when it does not let somebody in: goodbye, close reason, messages of y-websocket. */
function refusalsOf(url: string, hello?: string): Promise<string> {
  const socket = new WebSocket(url);
  onTestFinished(() => socket.terminate());
  let said = '';
  socket.on('open', () => {
    if (hello === undefined) return;
    const version = { version: PROTOCOL_VERSION, oldestVersion: 1, features: [], client: 'test' };
    const message = { type: 'hello', token: hello, sessionId: 'session-0123456789', ...version } as const;
    socket.send(clientMessageCodec.encode(message));
  });
  socket.on('message', (data: Buffer) => {
    said += data.toString('latin1');
    if (hello !== undefined && relayMessageCodec.decode(data).type === 'welcome') socket.close();
  });
  socket.on('unexpected-response', (_request, response) => (said += String(response.statusCode)));
  socket.on('error', (error) => (said += error.message));
  return new Promise((resolve) =>
    socket.on('close', (code, reason) => resolve(`${code} ${reason.toString()} ${said}`)),
  );
}

describe('what is secret', () => {
  it('is in nothing that the relay writes or refuses, while it works, is lied to, and loses its database', async () => {
    const server = await PostgresServer.start();
    onTestFinished(() => server.dispose());
    const secrets = new KnownSecrets();
    const data = temporaryFolder();
    const postgresUrl = await server.createDatabase();
    secrets.add('password of the database', decodeURIComponent(new URL(postgresUrl).password));
    secrets.add('password of Redis', REDIS_PASSWORD);
    secrets.add('unknown secret', UNKNOWN_SECRET);
    // Nothing listens there.
    const redisUrl = `redis://:${REDIS_PASSWORD}@127.0.0.1:${await findFreePort()}`;
    const shared = ['--data', data, '--postgres', postgresUrl];
    const relay = await startRelay(...shared, '--redis', redisUrl);
    const key = JSON.parse(readFileSync(join(data, 'relay-key.json'), 'utf8')) as unknown;
    for (const secret of privateParts(key)) secrets.add('key of the relay', secret);
    const operator = (await runCli('token', ...shared, '--create-rooms')).stdout.trim();
    secrets.add('operator token', operator);
    const errors: string[] = [];
    const ask = async (path: string, body: unknown, bearer?: string) => {
      const answer = await postJson(`${relay.url}${path}`, body, bearer ? { Authorization: `Bearer ${bearer}` } : {});
      if (answer.status >= 400) errors.push(JSON.stringify(answer.body));
      return answer;
    };
    const created = await ask('/api/rooms', { room: 'r' }, operator);
    const secret = String((created.body['ownerLink'] as Record<string, unknown>)['secret']);
    secrets.add('secret of the owner’s link', secret);
    const joined = await ask('/api/rooms/r/tokens', { secret, name: 'Ada' });
    const token = String(joined.body['token']);
    secrets.add('token of the owner', token);
    const forged = `${token.slice(0, -8)}AAAAAAAA`;
    const [header = '', payload = '', signature = ''] = token.split('.');
    const socketUrl = relay.url.replace('http', 'ws');
    const misuse = async () => {
      for (const wrong of [
        forged,
        operator,
        `${header}.${signature}.${payload}`,
        `${header}.${payload}.`,
        token.slice(3),
      ]) {
        errors.push(await refusalsOf(`${socketUrl}/sync/r`, wrong), await refusalsOf(`${socketUrl}/sync/other`, token));
        errors.push(await refusalsOf(`${socketUrl}/yjs/r/file?token=${wrong}`));
        errors.push(await refusalsOf(`${socketUrl}/yjs/r/file/more?token=${token}`));
        await ask('/api/rooms/r/links', { role: 'editor' }, wrong);
        await ask('/api/rooms/r/proposals', { token: wrong, document: 'file', update: 'AAA=' });
        await ask('/api/oidc/tokens', { token: wrong, room: 'r' });
      }
      await ask('/api/rooms/r/tokens', { secret: UNKNOWN_SECRET, name: 'Eve', previousToken: token });
      await ask('/api/rooms/r/tokens', { secret, name: 'Eve', [secret]: secret });
      await ask('/api/rooms/r/tokens', `{"secret":"${secret}"`);
      await ask('/api/rooms', { room: 'r', ownerSecret: UNKNOWN_SECRET }, operator);
      await ask(`/api/rooms/r/tokens?secret=${secret}`, { secret: [secret], name: token });
      await ask(`/api/rooms/r/${secret}`, {});
    };
    await misuse();
    await server.kill();
    await misuse();
    expect((await ask('/api/rooms/r/tokens', { secret, name: 'Ada' })).status).toBe(503);
    await expect.poll(() => relay.errors(), { timeout: 20_000 }).toMatch(/Redis[^]*database|database[^]*Redis/i);
    await server.start();
    await expect
      .poll(async () => (await ask('/api/rooms/r/tokens', { secret, name: 'Ada' })).status, { timeout: 30_000 })
      .toBe(200);
    await misuse();
    await relay.end('SIGTERM');
    const tables = await server.query(postgresUrl, "SELECT tablename FROM pg_tables WHERE schemaname = 'tutti'");
    expect(tables.length).toBeGreaterThan(5);
    for (const { tablename } of tables) {
      const rows = await server.query(postgresUrl, `SELECT t::text AS row FROM tutti.${String(tablename)} t`);
      secrets.expectOnlyHashesIn(`table ${String(tablename)}`, rows.map(({ row }) => String(row)).join('\n'));
    }
    secrets.expectNoneIn('stdout', relay.output.join('\n'));
    secrets.expectNoneIn('stderr', relay.errors());
    expect(errors.length).toBeGreaterThan(100);
    for (const error of errors) secrets.expectNoneIn('an error', error);
  });

  it('is not repeated by the command line when it is wrong', async () => {
    const secrets = new KnownSecrets();
    const password = 'hush-of-somebody';
    secrets.add('password', password);
    // The first part of a password, which could be a port when the rest is cut off.
    const digits = '61734';
    const data = temporaryFolder();
    const wrong: string[][] = [
      ['serve', '--data', data, '--postgres', `postgre://tutti:${password}@127.0.0.1/x`],
      ['serve', '--data', data, '--redis', `http://:${password}@127.0.0.1`],
      ['serve', '--data', data, '--redis', `redis://:${password}@127.0.0.1/notanumber`],
      ['serve', '--data', data, '--s3', `s3://key:${password}@bucket`],
      ['serve', '--data', data, '--public-url', `https://user:${password}@host`],
      ['serve', '--data', data, '--s3', `s3://bucket?endpoint=https://key:${password}@127.0.0.1`],
      ['token', '--data', data, '--room', 'r', '--postgres', `postgres://tutti:${password}@127.0.0.1:1/x`],
    ];
    for (const separator of ['#', '/', '?'])
      wrong.push([
        'serve',
        '--data',
        data,
        '--postgres',
        `postgres://tutti:${digits}${separator}${password}@127.0.0.1/x`,
      ]);
    wrong.push(['serve', '--data', data, '--s3', `s3://key:${digits}/${password}@bucket`]);
    for (const args of wrong) {
      const { code, stdout, stderr } = await runCli(...args);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/^tutti-relay: /);
      secrets.expectNoneIn(args.slice(3, 4).join(), stdout + stderr);
      expect(stderr).not.toContain(digits);
    }
    const damaged = temporaryFolder();
    await loadRelayIdentity(damaged);
    const file = join(damaged, 'relay-key.json');
    const key = readFileSync(file, 'utf8');
    for (const secret of privateParts(JSON.parse(key))) secrets.add('key of the relay', secret);
    writeFileSync(file, key.slice(0, -20));
    const { stderr } = await runCli('token', '--data', damaged, '--room', 'r');
    expect(stderr).toContain('relay-key.json');
    secrets.expectNoneIn('a damaged key', stderr);
  });
});

/** The private parts of all JWKs in a file. */
function privateParts(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) =>
    name === 'd' && typeof part === 'string' ? [part] : privateParts(part),
  );
}
