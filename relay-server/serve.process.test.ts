import { statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { openSqliteStorage } from './log/sqlite.ts';
import { findFreePort } from './testing/free-port.ts';
import { createTypist } from './testing/raw-client.ts';
import { runCli, startRelay, tokenFor } from './testing/relay-process.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';
import { openWebSocket } from './testing/websocket-client.ts';

const BODY = JSON.stringify({ secret: 'A'.repeat(43), name: 'Ada' });
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

describe('serve', () => {
  it('says when it is ready, is alive, and ends with 0 on SIGTERM', async () => {
    const data = join(temporaryFolder(), 'data');
    const relay = await startRelay('--data', data);
    expect(relay.output).toEqual([`tutti-relay listening on ${relay.url}`]);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, 'relay-key.json')).mode & 0o777).toBe(0o600);
    expect(await (await fetch(`${relay.url}/healthz`)).json()).toEqual({ status: 'ok', connections: 0 });
    expect(await relay.end('SIGTERM')).toBe(0);
    expect(relay.errors()).toBe('');
  });

  it('[CC1] says goodbye to its clients when it is stopped, and has what it acked', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const ada = await openWebSocket(relay.url, 'r');
    ada.client.hello(await tokenFor(data, 'r'));
    await ada.until('welcome');
    ada.client.open(1, 'file');
    ada.client.update(1, 1, createTypist(1).type('kept'));
    await ada.until('ack');
    const ended = relay.end('SIGINT');
    expect(await ada.until('goodbye')).toMatchObject({ closeCode: 1012 });
    expect(await ada.closed).toBe(1012);
    expect(await ended).toBe(0);
  });

  it('[UP4] has every acked update after kill -9 while two write, and takes none twice', async () => {
    const data = temporaryFolder();
    const first = await startRelay('--data', data);
    const tokens = [
      await tokenFor(data, 'r', 'editor', '--subject', 'ada'),
      await tokenFor(data, 'r', 'editor', '--subject', 'bob'),
    ];
    const typists = tokens.map((_, index) => createTypist(index + 1));
    const updates: Uint8Array[][] = [[], []];
    const connect = async (url: string, index: number) => {
      const socket = await openWebSocket(url, 'r');
      socket.client.hello(tokens[index] ?? '', `session-of-writer-${index}`);
      await socket.until('welcome');
      socket.client.open(1, 'file');
      // Only so many updates may come before a document is open.
      await socket.until('opened');
      return socket;
    };
    const writers = await Promise.all([connect(first.url, 0), connect(first.url, 1)]);
    const isWriting = { value: true };
    const written = writers.map(async ({ client }, index) => {
      while (isWriting.value && (updates[index]?.length ?? 0) < 20_000) {
        for (let count = 0; count < 10; count++) {
          const update = typists[index]?.type('x') ?? new Uint8Array(0);
          updates[index]?.push(update);
          client.update(1, updates[index]?.length ?? 0, update);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    await Promise.all(writers.map(({ until }) => until('ack', ({ clientSeq }) => clientSeq >= 300)));
    expect(await first.end('SIGKILL')).toBe('SIGKILL');
    isWriting.value = false;
    await Promise.all(written);
    const acked = writers.map(({ client }) => client.last('ack').clientSeq);

    const storage = openSqliteStorage(join(data, 'relay.db'));
    const rows = await storage.log.readUpdates({ tenant: 'default', room: 'r', document: 'file' }, ALL);
    storage.dispose();
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
    for (const [index, subject] of ['ada', 'bob'].entries()) {
      const stored = rows.filter(({ session }) => session.subject === subject);
      expect(stored.at(-1)?.clientSeq).toBeGreaterThanOrEqual(acked[index] ?? Infinity);
      // Each update is one character, so that its number is its clock.
      let clock = 0;
      for (const { payload, clientSeq } of stored) {
        const { from, to } = Y.parseUpdateMeta(payload);
        expect([from.get(index + 1), to.get(index + 1)]).toEqual([clock, clientSeq]);
        clock = clientSeq;
      }
    }

    // What was not acked is sent again; in the end everything is there once.
    const second = await startRelay('--data', data);
    for (const index of [0, 1]) {
      const { client, until } = await connect(second.url, index);
      const all = updates[index] ?? [];
      for (let seq = (acked[index] ?? 0) + 1; seq <= all.length; seq++)
        client.update(1, seq, all[seq - 1] ?? new Uint8Array(0));
      await until('ack', ({ clientSeq }) => clientSeq === all.length);
    }
    const reader = await openWebSocket(second.url, 'r');
    reader.client.hello(tokens[0] ?? '', 'session-of-a-reader');
    await reader.until('welcome');
    reader.client.open(1, 'file');
    await reader.until('sync', ({ isLast }) => isLast);
    expect(reader.client.textOf(1)).toHaveLength((updates[0]?.length ?? 0) + (updates[1]?.length ?? 0));
  });

  it('makes snapshots while it runs and opens from them after kill -9', async () => {
    const data = temporaryFolder();
    const first = await startRelay('--data', data);
    const token = await tokenFor(data, 'r');
    const writer = await openWebSocket(first.url, 'r');
    writer.client.hello(token);
    await writer.until('welcome');
    writer.client.open(1, 'file');
    const typist = createTypist(1);
    // Too long to become one update when they come together.
    const text = 'word '.repeat(2_000);
    for (let clientSeq = 1; clientSeq <= 120; clientSeq++) writer.client.update(1, clientSeq, typist.type(text));
    await writer.until('ack', ({ clientSeq }) => clientSeq === 120);
    const storage = openSqliteStorage(join(data, 'relay.db'));
    onTestFinished(() => storage.dispose());
    const key = { tenant: 'default', room: 'r', document: 'file' };
    await expect
      .poll(async () => (await storage.log.readDocument(key))?.snapshot?.seq, { timeout: 10_000 })
      .toBeGreaterThan(0);
    await first.end('SIGKILL');
    const second = await startRelay('--data', data);
    const reader = await openWebSocket(second.url, 'r');
    reader.client.hello(token, 'session-of-a-reader');
    await reader.until('welcome');
    reader.client.open(1, 'file');
    expect(await reader.until('opened')).toMatchObject({ headSeq: 120 });
    await reader.until('sync', ({ isLast }) => isLast);
    expect(reader.client.textOf(1)).toBe(typist.doc.getText('content').toString());
    expect(first.errors() + second.errors()).toBe('');
  });

  it('answers the requests that are running when it is stopped, and is not held up by one that never ends', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    await tokenFor(data, 'r');
    const { hostname, port } = new URL(relay.url);
    const post = async () => {
      const socket = connect(Number(port), hostname);
      onTestFinished(() => void socket.destroy());
      let text = '';
      socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      const closed = once(socket, 'close');
      const headers = ['Content-Type: application/json', `Content-Length: ${BODY.length}`, 'Expect: 100-continue'];
      socket.write(`POST /api/rooms/r/tokens HTTP/1.1\r\nHost: ${hostname}\r\n${headers.join('\r\n')}\r\n\r\n`);
      await expect.poll(() => text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      return { socket, closed, text: () => text };
    };
    const [late, stuck] = [await post(), await post()];
    const ended = relay.end('SIGTERM');
    await expect.poll(() => fetch(relay.url).then(String, String)).toContain('fetch failed');
    late.socket.write(BODY);
    await late.closed;
    expect(late.text()).toMatch(
      /100 Continue\r\n\r\nHTTP\/1\.1 4\d\d [^]*\r\nConnection: close\r\n[^]*"error":"link-unknown"/,
    );
    expect(await ended).toBe(0);
    await stuck.closed;
    expect(relay.errors()).toBe('');
  });

  it('refuses a data folder that another relay serves, and takes it over once that one was killed', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const second = await runCli('serve', '--port', '0', '--data', data);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain(`already serves the data folder ${data}`);
    await relay.end('SIGKILL');
    await startRelay('--data', data);
  });

  it('says in a sentence what is wrong with its port, its folder or its database', async () => {
    const occupied: Server = createServer();
    onTestFinished(() => void occupied.close());
    const port = await new Promise<number>((resolve) => {
      occupied.listen(0, '127.0.0.1', () => {
        const address = occupied.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
    const inUse = await runCli('serve', '--port', String(port), '--data', temporaryFolder());
    expect(inUse).toMatchObject({ code: 1, stdout: '' });
    expect(inUse.stderr).toMatch(new RegExp(`^tutti-relay: The port ${port} .*--port\\.\\n$`));
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const noFolder = await runCli('serve', '--data', join(folder, 'file'));
    expect(noFolder.code).toBe(1);
    expect(noFolder.stderr).toMatch(/^tutti-relay: The data folder .*\n$/);
    writeFileSync(join(folder, 'relay.db'), 'no database '.repeat(1000));
    const corrupted = await runCli('serve', '--port', '0', '--data', folder);
    expect(corrupted.code).toBe(1);
    expect(corrupted.stderr).toMatch(/^tutti-relay: The database .* is damaged .*\n$/);
    const badKey = temporaryFolder();
    writeFileSync(join(badKey, 'relay-key.json'), '{}', { mode: 0o600 });
    expect((await runCli('token', '--data', badKey, '--room', 'r')).stderr).toContain('relay-key.json is damaged');
  });

  it('serves while Redis is away, and says so in a sentence', async () => {
    const port = await findFreePort();
    const relay = await startRelay('--data', temporaryFolder(), '--redis', `redis://127.0.0.1:${port}`);
    await expect.poll(() => relay.errors()).not.toBe('');
    expect(relay.errors()).toMatch(/^tutti-relay: Redis at \S+ cannot be reached .* nothing is lost\.\n$/);
  });

  it.each([
    [['serve'], '--data'],
    [['serve', '--data', 'x', '--port', '99999'], 'port'],
    [['token', '--data', 'x', '--room', 'a b'], 'room'],
    [['token', '--data', 'x', '--room', 'r', '--ttl', 'soon'], 'duration'],
    [['token', '--data', 'x', '--room', 'r', '--role', 'god'], 'viewer'],
    [['nonsense'], 'nonsense'],
  ])('refuses the command line %j', async (args, mention) => {
    const { code, stdout, stderr } = await runCli(...args);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(mention);
  });
});
