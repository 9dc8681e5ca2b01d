import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { clientMessageCodec, PROTOCOL_VERSION, relayMessageCodec } from '../shared/protocol/index.ts';
import { askFrom } from './testing/ask-from.ts';
import { CertificateAuthority, type ServerCertificate } from './testing/certificate-authority.ts';
import { runCli, startRelay, tokenFor } from './testing/relay-process.ts';
import { temporaryFolder } from './testing/relay-under-test.ts';

async function setUp() {
  const folder = temporaryFolder();
  const authority = await CertificateAuthority.create(folder);
  const [cert, key] = [join(folder, 'tls.pem'), join(folder, 'tls.key')];
  const write = ({ certificate, key: privateKey }: ServerCertificate) => {
    // As those who renew certificates do: one file after the other, each at once.
    writeFileSync(`${cert}.new`, certificate);
    renameSync(`${cert}.new`, cert);
    writeFileSync(`${key}.new`, privateKey);
    renameSync(`${key}.new`, key);
  };
  return { folder, authority, cert, key, write, ca: readFileSync(authority.file, 'utf8') };
}

function serialOf({ certificate }: ServerCertificate): string {
  return new X509Certificate(certificate).serialNumber;
}

describe('a relay with a certificate', () => {
  it('speaks TLS only, over HTTP and sockets, and takes a renewed certificate while people are in', async () => {
    const { authority, cert, key, write, ca } = await setUp();
    const [first, second] = [await authority.issue('IP:127.0.0.1'), await authority.issue('IP:127.0.0.1')];
    write(first);
    const data = temporaryFolder();
    const relay = await startRelay('--data', data, '--tls-cert', cert, '--tls-key', key);
    expect(relay.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await askFrom(`${relay.url}/healthz`, { ca })).toMatchObject({ status: 200, serialNumber: serialOf(first) });
    await expect(askFrom(`${relay.url}/healthz`)).rejects.toThrow(/certificate/);
    await expect(askFrom(relay.url.replace('https', 'http'))).rejects.toThrow();

    const socket = new WebSocket(`${relay.url.replace('https', 'wss')}/sync/r`, { ca });
    onTestFinished(() => socket.terminate());
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const welcomed = new Promise<string>((resolve) =>
      socket.on('message', (frame: Buffer) => {
        const message = relayMessageCodec.decode(frame);
        if (message.type === 'welcome' || message.type === 'goodbye') resolve(message.type);
      }),
    );
    const [token, features, version] = [await tokenFor(data, 'r'), [], PROTOCOL_VERSION];
    const hello = { type: 'hello', version, oldestVersion: 1, token, sessionId: 'session-0123456789' } as const;
    socket.send(clientMessageCodec.encode({ ...hello, client: 'test', features }));
    expect(await welcomed).toBe('welcome');

    write(second);
    await expect
      .poll(async () => (await askFrom(`${relay.url}/healthz`, { ca })).serialNumber, { timeout: 20_000 })
      .toBe(serialOf(second));
    expect(socket.readyState).toBe(WebSocket.OPEN);
    // What cannot be used is said, and changes nothing.
    writeFileSync(key, first.key);
    await expect.poll(() => relay.errors(), { timeout: 30_000 }).toContain('goes on with the certificate that it has');
    expect(relay.errors()).toBe(
      `tutti-relay: The key ${key} does not belong to the certificate ${cert}. The relay goes on with the certificate that it has.\n`,
    );
    expect((await askFrom(`${relay.url}/healthz`, { ca })).serialNumber).toBe(serialOf(second));
    expect(await relay.end('SIGTERM')).toBe(0);
  });

  it('does not start without a certificate and key that fit, and says what is wrong', async () => {
    const { folder, authority, cert, key, write } = await setUp();
    const [one, other] = [await authority.issue('IP:127.0.0.1'), await authority.issue('IP:127.0.0.1')];
    write({ ...one, key: other.key });
    const serveWith = (...args: string[]) => runCli('serve', '--port', '0', '--data', join(folder, 'data'), ...args);
    const none = join(folder, 'none.pem');
    const cases: [string[], string][] = [
      [['--tls-cert', cert], 'For TLS name both the certificate and its key: --tls-cert FILE --tls-key FILE.'],
      [['--tls-cert', none, '--tls-key', key], `The certificate ${none} cannot be read (ENOENT).`],
      [['--tls-cert', key, '--tls-key', key], `The file ${key} holds no certificate in PEM.`],
      [
        ['--tls-cert', cert, '--tls-key', cert],
        `The file ${cert} holds no private key in PEM, or one with a passphrase.`,
      ],
      [['--tls-cert', cert, '--tls-key', key], `The key ${key} does not belong to the certificate ${cert}.`],
    ];
    for (const [args, problem] of cases)
      expect(await serveWith(...args)).toEqual({ code: 1, stdout: '', stderr: `tutti-relay: ${problem}\n` });
  });
});
