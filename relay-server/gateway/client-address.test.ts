import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseNetworks } from '../config.ts';
import { askFrom } from '../testing/ask-from.ts';
import { createOriginCheck } from './allowed-origins.ts';
import { normalizeAddress, RequestSources } from './client-address.ts';

/** The proxies are on 127.0.0.2 and in 10.0.0.0/8; others come from 127.0.0.3. */
async function setUp(answer?: (request: IncomingMessage, sources: RequestSources) => string) {
  const untrusted: string[] = [];
  const sources = new RequestSources({
    trustedProxies: parseNetworks('127.0.0.2,10.0.0.0/8,fd00::/8'),
    onUntrustedProxy: (address) => untrusted.push(address),
  });
  const server = createServer((request, response) => {
    const { address, isSecure } = sources.of(request);
    response.end(answer?.(request, sources) ?? `${address} ${isSecure ? 'https' : 'http'}`);
  });
  onTestFinished(() => void server.close());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
  const ask = async (localAddress: string, headers: Record<string, string>) =>
    (await askFrom(`http://127.0.0.1:${port}`, { localAddress, headers })).text;
  return { ask, untrusted };
}

describe('where a request comes from', () => {
  it('is what a trusted proxy says, and of several the nearest that is none', async () => {
    const { ask, untrusted } = await setUp();
    const proxy = '127.0.0.2';
    const cases: [Record<string, string>, string][] = [
      [{}, '127.0.0.2 http'],
      [{ 'X-Forwarded-For': '192.0.2.1' }, '192.0.2.1 http'],
      [{ 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' }, '192.0.2.1 https'],
      [{ 'X-Forwarded-For': '192.0.2.1:4711' }, '192.0.2.1 http'],
      // What stands before the client's own address was written by the client.
      [{ 'X-Forwarded-For': '198.51.100.9, 192.0.2.1' }, '192.0.2.1 http'],
      [{ 'X-Forwarded-For': '198.51.100.9, 192.0.2.1, 10.1.2.3' }, '192.0.2.1 http'],
      [{ 'X-Forwarded-For': '10.0.0.1, 10.1.2.3' }, '10.0.0.1 http'],
      [{ 'X-Forwarded-For': 'nonsense' }, '127.0.0.2 http'],
      [{ 'X-Forwarded-For': '192.0.2.1, nonsense, 10.1.2.3' }, '10.1.2.3 http'],
      [{ 'X-Forwarded-For': '2001:DB8::0:1' }, '2001:db8::1 http'],
      [{ 'X-Forwarded-For': '::ffff:192.0.2.1' }, '192.0.2.1 http'],
      [{ Forwarded: 'for=192.0.2.60;proto=https;by=203.0.113.43' }, '192.0.2.60 https'],
      [{ Forwarded: 'For="[2001:db8:cafe::17]:4711", for=10.1.1.1' }, '2001:db8:cafe::17 http'],
      [{ Forwarded: 'for=unknown' }, '127.0.0.2 http'],
      [{ Forwarded: 'for=192.0.2.7, for=_hidden, for=10.9.9.9' }, '10.9.9.9 http'],
      [{ 'X-Forwarded-For': '192.0.2.1', Forwarded: 'for=192.0.2.1' }, '192.0.2.1 http'],
      // One of the two was sent by the client.
      [{ 'X-Forwarded-For': '192.0.2.1', Forwarded: 'for=192.0.2.2' }, '127.0.0.2 http'],
      [{ 'X-Forwarded-For': Array.from({ length: 500 }, () => '10.0.0.1').join(',') }, '10.0.0.1 http'],
    ];
    for (const [headers, source] of cases) expect([headers, await ask(proxy, headers)]).toEqual([headers, source]);
    expect(untrusted).toEqual([]);
  });

  it('is the address of the socket when anybody else says something, which is told once', async () => {
    const { ask, untrusted } = await setUp();
    for (const headers of [
      { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' },
      { Forwarded: 'for=192.0.2.60;proto=https' },
      { 'X-Forwarded-For': '127.0.0.2' },
    ]) {
      expect(await ask('127.0.0.3', headers)).toBe('127.0.0.3 http');
    }
    expect(untrusted).toEqual(['127.0.0.3']);
  });

  it('lets no page in that was not encrypted itself where the request was', async () => {
    const { ask } = await setUp((request, sources) => {
      const isAllowed = createOriginCheck(['http://other.example'], (asked) => sources.of(asked).isSecure);
      return String(isAllowed(request));
    });
    const host = { Host: 'tutti.example' };
    const [secure, plain] = [
      { ...host, 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' },
      { ...host, 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'http' },
    ];
    expect(await ask('127.0.0.2', { ...secure, Origin: 'https://tutti.example' })).toBe('true');
    expect(await ask('127.0.0.2', { ...secure, Origin: 'http://tutti.example' })).toBe('false');
    expect(await ask('127.0.0.2', { ...plain, Origin: 'http://tutti.example' })).toBe('true');
    expect(await ask('127.0.0.2', { ...secure, Origin: 'http://other.example' })).toBe('true');
    expect(await ask('127.0.0.2', { ...secure, Origin: 'https://evil.example' })).toBe('false');
    expect(await ask('127.0.0.2', secure)).toBe('true');
  });
});

it('knows addresses in every usual form, and nothing else', () => {
  expect(normalizeAddress('::FFFF:7f00:1')).toBe('127.0.0.1');
  expect(normalizeAddress('fe80::1%eth0')).toBe('fe80::1');
  for (const text of ['', 'localhost', '1.2.3', '1.2.3.4.5', '256.1.1.1', ':::', '[::1]', '0x7f.1'])
    expect(normalizeAddress(text)).toBeUndefined();
});

it('reads networks, and says which is none', () => {
  const networks = parseNetworks('10.0.0.0/8, ::1,192.0.2.7');
  expect(networks.check('10.200.1.1')).toBe(true);
  expect(networks.check('::1', 'ipv6')).toBe(true);
  expect(networks.check('192.0.2.8')).toBe(false);
  for (const text of ['', '10.0.0.0/33', '10.0.0.0/', '10/8', 'fd00::/129', 'all', '10.0.0.0/8/8', '::1,,'])
    expect(() => parseNetworks(text)).toThrow(/is no address or network/);
});
