import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseShareLink } from '../../shared/access/index.ts';
import { postJson as post } from '../testing/post-json.ts';
import { runCli, startRelay, tokenFor } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { openWebSocket } from '../testing/websocket-client.ts';

describe('HTTP', () => {
  it('creates a room, trades its link for a token, makes more links, and the tokens open the room', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const operator = (await runCli('token', '--data', data, '--create-rooms', '--ttl', '30d')).stdout.trim();
    const asOperator = { Authorization: `Bearer ${operator}` };
    const created = await post(`${relay.url}/api/rooms`, { name: 'Our room' }, asOperator);
    expect(created.status).toBe(201);
    const { room, ownerLink } = created.body as {
      room: string;
      ownerLink: { id: string; secret: string; url: string };
    };
    expect(parseShareLink(ownerLink.url)).toEqual({
      ok: true,
      link: { relayUrl: relay.url, room, secret: ownerLink.secret },
    });
    const owner = await post(`${relay.url}/api/rooms/${room}/tokens`, { secret: ownerLink.secret, name: 'Ada' });
    expect(owner).toMatchObject({ status: 200, body: { role: 'owner', room } });
    const asOwner = { Authorization: `Bearer ${String(owner.body['token'])}` };
    const link = await post(
      `${relay.url}/api/rooms/${room}/links`,
      { role: 'editor', label: 'for Bob', expiresInSeconds: 3600, maxUses: 5 },
      asOwner,
    );
    expect(link.status).toBe(201);
    const editor = await post(`${relay.url}/api/rooms/${room}/tokens`, { secret: link.body['secret'], name: 'Bob' });
    const again = await post(`${relay.url}/api/rooms/${room}/tokens`, {
      secret: link.body['secret'],
      name: 'Bob',
      previousToken: editor.body['token'],
    });
    expect(again.body['subject']).toBe(editor.body['subject']);
    expect(Number(editor.body['expiresAtMs']) - Number(editor.body['nowMs'])).toBeGreaterThan(500_000);
    const refused = await post(
      `${relay.url}/api/rooms/${room}/links`,
      { role: 'editor' },
      { Authorization: `Bearer ${String(editor.body['token'])}` },
    );
    expect(refused).toMatchObject({ status: 403, body: { error: 'forbidden' } });
    const bob = await openWebSocket(relay.url, room);
    bob.client.hello(String(editor.body['token']));
    expect(await bob.until('welcome')).toMatchObject({ role: 'editor', name: 'Bob', room });
    expect(
      await post(`${relay.url}/api/rooms`, {}, { Authorization: `Bearer ${String(owner.body['token'])}` }),
    ).toMatchObject({ status: 401 });
  });

  it('refuses what is malformed, with a code and words, and stays up', async () => {
    const data = temporaryFolder();
    const relay = await startRelay('--data', data);
    const owner = { Authorization: `Bearer ${await tokenFor(data, 'r', 'owner')}` };
    const links = `${relay.url}/api/rooms/r/links`;
    const tokens = `${relay.url}/api/rooms/r/tokens`;
    const secret = 'x'.repeat(32);
    const cases: [number, string, () => ReturnType<typeof post>][] = [
      [401, 'unauthenticated', () => post(`${relay.url}/api/rooms`, {})],
      [401, 'unauthenticated', () => post(links, {}, { Authorization: 'Basic eHg6eHg=' })],
      [400, 'malformed-json', () => post(links, '{', owner)],
      [400, 'malformed-json', () => post(links, '[]', owner)],
      [400, 'invalid-field', () => post(links, { role: 'god' }, owner)],
      [400, 'invalid-field', () => post(links, { role: 'editor', maxUse: 1 }, owner)],
      [400, 'invalid-field', () => post(links, { role: 'editor', maxUses: 0 }, owner)],
      [400, 'invalid-field', () => post(links, { role: 'editor', expiresInSeconds: '60' }, owner)],
      [415, 'unsupported-type', () => post(tokens, '{}', { 'Content-Type': 'text/plain' })],
      [413, 'too-large', () => post(tokens, { secret, name: 'x'.repeat(20_000) })],
      [400, 'invalid-field', () => post(tokens, { name: 'x' })],
      [400, 'invalid-field', () => post(tokens, { secret, name: 5 })],
      [404, 'link-unknown', () => post(tokens, { secret, name: 'x' })],
      [404, 'not-found', () => post(`${relay.url}/api/rooms/a.b/tokens`, {})],
      [403, 'forbidden-origin', () => post(tokens, { secret, name: 'x' }, { Origin: 'https://evil.example' })],
    ];
    for (const [status, error, request] of cases) {
      const answer = await request();
      expect(answer).toMatchObject({ status, body: { error } });
      expect(String(answer.body['explanation']).length).toBeGreaterThan(10);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect((await fetch(links, { method: 'PATCH' })).status).toBe(405);
    expect((await fetch(links)).status).toBe(401);
    expect((await fetch(`${relay.url}/nothing`)).status).toBe(404);
    expect(await (await fetch(`${relay.url}/join/r`)).text()).toContain('Tutti relay');
    expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
  });

  it('serves the browser client with a strict policy, and nothing outside of it', async () => {
    const root = temporaryFolder();
    const folder = join(root, 'browser');
    mkdirSync(join(folder, 'assets'), { recursive: true });
    writeFileSync(join(root, 'secret.txt'), 'secret');
    symlinkSync(join(root, 'secret.txt'), join(folder, 'linked.txt'));
    writeFileSync(join(folder, 'browser.html'), '<!doctype html>');
    writeFileSync(join(folder, 'service-worker.js'), '// empty');
    writeFileSync(join(folder, 'assets', 'main-B1k9xQ2z.js'), 'export {};');
    const relay = await startRelay('--data', join(root, 'data'), '--static', folder);
    const page = await fetch(`${relay.url}/join/room`);
    const host = new URL(relay.url).host;
    expect(await page.text()).toBe('<!doctype html>');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(page.headers.get('content-security-policy')).toContain(`connect-src 'self' ws://${host} wss://${host}`);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const script = await fetch(`${relay.url}/assets/main-B1k9xQ2z.js`);
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('cache-control')).toContain('immutable');
    // Its scope is all that the relay serves, and a new one is noticed at the next visit.
    const worker = await fetch(`${relay.url}/service-worker.js`);
    expect(worker.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(worker.headers.get('cache-control')).toBe('no-cache');
    // What it may fetch is said by its own policy.
    expect(worker.headers.get('content-security-policy')).toContain("connect-src 'self'");
    expect(page.headers.get('content-security-policy')).toContain("worker-src 'self'");
    for (const path of [
      '/linked.txt',
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '//secret.txt',
      '/assets/',
      '/%00',
      '/%ff',
      '/join/a/b',
    ]) {
      expect([path, (await fetch(`${relay.url}${path}`)).status]).toEqual([path, 404]);
    }
    const missing = await runCli('serve', '--port', '0', '--data', join(root, 'data2'), '--static', join(root, 'none'));
    expect(missing.stderr).toMatch(/^tutti-relay: The browser client cannot be served.*\n$/);
  });
});
