import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CertificateAuthority } from '../testing/certificate-authority.ts';
import { findFreePort } from '../testing/free-port.ts';
import { RedisServer } from '../testing/redis-server.ts';
import { runCli } from '../testing/relay-process.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { Heard, ROOM, updateOf } from './backplane.contract.ts';
import { openRedisBackplane } from './redis.ts';
import { RedisFailure } from './redis/redis-failure.ts';

const WAIT = { timeout: 15_000, interval: 20 };

function createAuthority(): Promise<CertificateAuthority> {
  return CertificateAuthority.create(temporaryFolder());
}

/** A server that speaks TLS; gives its address without a file of authorities. */
async function startServer(authority: CertificateAuthority, ...names: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  const { certificate, key } = await authority.issue(...names);
  const files = { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key') };
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, key);
  const port = await findFreePort();
  const tls = ['--tls-port', String(port), '--tls-cert-file', files.certificate, '--tls-key-file', files.key];
  const server = await RedisServer.start([...tls, '--tls-ca-cert-file', authority.file, '--tls-auth-clients', 'no']);
  onTestFinished(() => server.dispose());
  return `rediss://127.0.0.1:${port}`;
}

function openNode(url: string) {
  const problems: unknown[] = [];
  const backplane = openRedisBackplane(url, { reportProblem: (error) => problems.push(error) });
  onTestFinished(() => backplane.dispose());
  return { backplane, problems };
}

async function insecurityOf(url: string): Promise<string> {
  const { backplane, problems } = openNode(url);
  await vi.waitFor(() => expect(problems).toHaveLength(1), WAIT);
  const [problem] = problems;
  if (!(problem instanceof RedisFailure)) throw problem;
  expect(problem.code).toBe('insecure');
  expect(backplane.isSettled).toBe(false);
  return problem.message;
}

describe('Redis through TLS', () => {
  it('carries messages when its certificate is of an authority that the address names', async () => {
    const authority = await createAuthority();
    const url = await startServer(authority, 'IP:127.0.0.1', 'DNS:localhost');
    for (const address of [url, url.replace('127.0.0.1', 'localhost')]) {
      const named = `${address}?ca=${encodeURIComponent(authority.file)}`;
      const [one, other] = [openNode(named), openNode(named)];
      const heard = new Heard();
      onTestFinished(other.backplane.subscribe(ROOM, heard.listener).dispose);
      await vi.waitFor(() => expect([one, other].every(({ backplane }) => backplane.isSettled)).toBe(true), WAIT);
      one.backplane.publish(ROOM, updateOf(1));
      await heard.until(({ origins }) => origins.includes(1));
      expect([...one.problems, ...other.problems]).toEqual([]);
    }
  });

  it('is not trusted with a certificate of another authority, or of an unknown one', async () => {
    const url = await startServer(await createAuthority(), 'IP:127.0.0.1');
    const another = await createAuthority();
    for (const address of [`${url}?ca=${encodeURIComponent(another.file)}`, url]) {
      const message = await insecurityOf(address);
      expect(message).toMatch(
        /^Redis at rediss:\/\/127\.0\.0\.1:\d+ is not trusted or does not speak TLS \(.*certificate/,
      );
      expect(message).toContain('?ca=FILE');
    }
  });

  it('is not trusted with a certificate for another host', async () => {
    const authority = await createAuthority();
    const url = await startServer(authority, 'DNS:elsewhere.example');
    expect(await insecurityOf(`${url}?ca=${encodeURIComponent(authority.file)}`)).toContain(
      '127.0.0.1 is not in the cert',
    );
  });

  it('is not tried with a file that holds no authority: the relay says so and ends', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'authority.pem');
    const serve = (url: string) => runCli('serve', '--data', join(folder, 'data'), '--port', '0', '--redis', url);
    const url = `rediss://127.0.0.1:1?ca=${encodeURIComponent(file)}`;
    const missing = await serve(url);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(
      new RegExp(`^tutti-relay: The authorities of Redis cannot be read from ${file} .*\n$`),
    );
    writeFileSync(file, 'no certificate');
    expect((await serve(url)).stderr).toBe(`tutti-relay: The file ${file} does not begin with a certificate in PEM.\n`);
  });
});
