import { describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { askFrom } from '../testing/ask-from.ts';
import { shareApiRelay } from '../testing/api-relay.ts';
import { NginxServer } from '../testing/nginx-server.ts';
import { RawClient } from '../testing/raw-client.ts';
import { startRelay } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';

const MAX_FAILURES = 20;
const getRelay = shareApiRelay('--max-failures', String(MAX_FAILURES), '--trusted-proxies', '127.0.0.200');
const GUESS = { secret: 'x'.repeat(43), name: 'Eve' };

/** Connects from an address of this machine; gives the first message of the relay and its close code. */
async function knock(localAddress: string, room: string, token: string): Promise<{ said: string; code?: number }> {
  const socket = new WebSocket(`${getRelay().url.replace('http', 'ws')}/sync/${room}`, { localAddress });
  onTestFinished(() => socket.terminate());
  const client = new RawClient((frame) => socket.send(frame));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const first = new Promise<string>((resolve) =>
    socket.once('message', (frame: Buffer) => {
      const message = client.take(frame);
      resolve(message?.type === 'goodbye' ? `${message.type} ${message.retryAfterMs > 0}` : (message?.type ?? ''));
    }),
  );
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  client.hello(token);
  const said = await first;
  return said === 'welcome' ? { said } : { said, code: await closed };
}

async function knockAsYjs(localAddress: string, room: string, token: string): Promise<number | 'open'> {
  const url = `${getRelay().url.replace('http', 'ws')}/yjs/${room}/file?token=${token}`;
  const socket = new WebSocket(url, { localAddress });
  onTestFinished(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', resolve);
    // Sync step 1 of an empty document: whoever is in is answered.
    socket.once('open', () => socket.send(Uint8Array.of(0, 0, 1, 0)));
    socket.on('message', (data: Buffer) => data[0] === 0 && resolve('open'));
  });
}

describe('an address that shows what nobody was given', () => {
  it('has to wait, by HTTP and by sockets, while others come in', async () => {
    const relay = getRelay();
    const owner = await relay.createRoom('guessed');
    const created = await relay.ask('POST /api/rooms/guessed/links', { token: owner, body: { role: 'editor' } });
    const secret = String(created.body['secret']);
    const tokens = `${relay.url}/api/rooms/guessed/tokens`;
    const eve = '127.0.0.66';
    const join = (localAddress: string, headers = {}) =>
      askFrom(tokens, { localAddress, headers, body: { secret, name: 'Ada' } });
    const editor = await relay.sign({ room: 'guessed' });
    for (let guess = 0; guess < MAX_FAILURES / 4; guess++) {
      expect((await askFrom(tokens, { localAddress: eve, body: GUESS })).status).toBe(404);
      const headers = { Authorization: `Bearer ${editor.slice(0, -20)}${'A'.repeat(20)}` };
      expect((await askFrom(tokens.replace('tokens', 'people'), { localAddress: eve, headers })).status).toBe(401);
      expect(await knock(eve, 'guessed', 'not.a.token')).toEqual({ said: 'goodbye false', code: 4401 });
      expect(await knockAsYjs(eve, 'guessed', 'not.a.token')).toBe(4401);
    }
    const refused = await join(eve);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(JSON.parse(refused.text)).toMatchObject({ error: 'too-many-requests' });
    expect(refused.text).toContain('Wait a moment');
    expect((await askFrom(tokens.replace('tokens', 'proposals'), { localAddress: eve, body: {} })).status).toBe(429);
    expect((await askFrom(`${relay.url}/api/oidc/tokens`, { localAddress: eve, body: {} })).status).toBe(429);
    expect(await knock(eve, 'guessed', editor)).toEqual({ said: 'goodbye true', code: 1013 });
    expect(await knockAsYjs(eve, 'guessed', editor)).toBe(1013);

    expect((await join('127.0.0.67')).status).toBe(200);
    expect((await knock('127.0.0.67', 'guessed', editor)).said).toBe('welcome');
    expect(await knockAsYjs('127.0.0.67', 'guessed', editor)).toBe('open');
    // Nobody leaves their own address behind by a word.
    expect((await join(eve, { 'X-Forwarded-For': '192.0.2.1' })).status).toBe(429);
  });

  it('is the client and not the proxy in front of it', async () => {
    const relay = getRelay();
    await relay.createRoom('proxied');
    const tokens = `${relay.url}/api/rooms/proxied/tokens`;
    const guess = (client: string) =>
      askFrom(tokens, { localAddress: '127.0.0.200', headers: { 'X-Forwarded-For': client }, body: GUESS });
    for (let count = 0; count < MAX_FAILURES; count++) expect((await guess('192.0.2.1')).status).toBe(404);
    expect((await guess('192.0.2.1')).status).toBe(429);
    expect((await guess('192.0.2.2')).status).toBe(404);
  });

  it('is none that shows what counted once: expired, taken back, or asked again', async () => {
    const relay = getRelay();
    const owner = await relay.createRoom('known');
    const created = await relay.ask('POST /api/rooms/known/links', { token: owner, body: { role: 'editor' } });
    await relay.ask(`DELETE /api/rooms/known/links/${String(created.body['id'])}`, { token: owner });
    const localAddress = '127.0.0.77';
    const expired = await relay.sign({ room: 'known', expiresAtMs: Date.now() - 1_000 });
    for (let count = 0; count < MAX_FAILURES + 5; count++) {
      const body = { secret: created.body['secret'], name: 'Ada' };
      expect((await askFrom(`${relay.url}/api/rooms/known/tokens`, { localAddress, body })).status).toBe(403);
      expect((await knock(localAddress, 'known', expired)).code).toBe(4401);
      const headers = { Authorization: `Bearer ${expired}` };
      expect((await askFrom(`${relay.url}/api/rooms/known/people`, { localAddress, headers })).status).toBe(401);
      expect((await askFrom(`${relay.url}/api/rooms/known/people`, { localAddress })).status).toBe(401);
    }
    expect((await knock(localAddress, 'known', owner)).said).toBe('welcome');
  });
});

it('an address that proposes again and again what is refused has to wait', async () => {
  const relay = getRelay();
  await relay.createRoom('proposed');
  const change = { kind: 'revoke-subject', subject: 'ben' } as const;
  await relay.storage.access.change({ tenant: 'default', room: 'proposed' }, change, undefined);
  const token = await relay.sign({ room: 'proposed', subject: 'ben' });
  const url = `${relay.url}/api/rooms/proposed/proposals`;
  const propose = async (localAddress: string, update: string, document = 'file') =>
    (await askFrom(url, { localAddress, body: { token, document, update } })).status;
  const localAddress = '127.0.0.99';
  for (let count = 0; count < MAX_FAILURES / 2; count++) {
    expect(await propose(localAddress, 'AQID')).toBe(400);
    expect(await propose(localAddress, 'AAA=', 'view-of-the-relay')).toBe(403);
  }
  expect(await propose(localAddress, 'AAA=')).toBe(429);
  expect(await propose('127.0.0.98', 'AAA=')).toBe(201);
});

it('is the client when nginx is in front, as it is deployed', async () => {
  const relay = await startRelay('--data', temporaryFolder(), '--max-failures', '5', '--trusted-proxies', '127.0.0.1');
  const nginx = await NginxServer.start([relay.url]);
  onTestFinished(() => nginx.dispose());
  const guess = async (localAddress: string, headers = {}) =>
    (await askFrom(`${nginx.url}/api/rooms/r/tokens`, { localAddress, headers, body: GUESS })).status;
  for (let count = 0; count < 5; count++) expect(await guess('127.0.0.66')).toBe(404);
  expect(await guess('127.0.0.66')).toBe(429);
  expect(await guess('127.0.0.66', { 'X-Forwarded-For': '192.0.2.1' })).toBe(429);
  expect(await guess('127.0.0.66', { Forwarded: 'for=192.0.2.1' })).toBe(429);
  expect(await guess('127.0.0.67')).toBe(404);
  expect(relay.errors()).toBe('');
});

it('200 people of one address come in at once', async () => {
  const relay = getRelay();
  const owner = await relay.createRoom('school');
  const created = await relay.ask('POST /api/rooms/school/links', { token: owner, body: { role: 'editor' } });
  const body = { secret: created.body['secret'], name: 'Pupil' };
  const joins = Array.from({ length: 200 }, async () => {
    const { status, text } = await askFrom(`${relay.url}/api/rooms/school/tokens`, {
      localAddress: '127.0.0.88',
      body,
    });
    expect(status).toBe(200);
    const { token } = JSON.parse(text) as { token: string };
    return (await knock('127.0.0.88', 'school', token)).said;
  });
  expect(new Set(await Promise.all(joins))).toEqual(new Set(['welcome']));
  expect(relay.errors()).toMatch(/^(tutti-relay: Requests from 127\.0\.0\.66 say [^\n]*\n)?$/);
});
