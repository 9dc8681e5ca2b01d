import { describe, expect, it, onTestFinished } from 'vitest';
import { CertificateAuthority } from '../testing/certificate-authority.ts';
import { PostgresServer } from '../testing/postgres-server.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { LogFailure } from './log-failure.ts';
import { openPostgresStorage } from './postgres.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };

function createAuthority(): Promise<CertificateAuthority> {
  return CertificateAuthority.create(temporaryFolder());
}

/** A server that offers TLS. */
async function startServer(authority: CertificateAuthority, ...names: readonly string[]) {
  const server = await PostgresServer.start([], await authority.issue(...names));
  onTestFinished(() => server.dispose());
  return server;
}

function trusting(url: string, file: string, mode = 'verify-full'): string {
  return `${url}?sslmode=${mode}&sslrootcert=${encodeURIComponent(file)}`;
}

async function failureOf(url: string): Promise<LogFailure> {
  const storage = await openPostgresStorage(url, { reportProblem: () => undefined }).catch((error: unknown) => error);
  if (storage instanceof LogFailure) return storage;
  throw storage;
}

describe('Postgres through TLS', () => {
  it('stores what it is given when its certificate is of an authority that the address names', async () => {
    const authority = await createAuthority();
    const server = await startServer(authority, 'IP:127.0.0.1', 'DNS:localhost');
    const url = await server.createDatabase();
    for (const [index, address] of [url, url.replace('127.0.0.1', 'localhost')].entries()) {
      const storage = await openPostgresStorage(trusting(address, authority.file), {
        reportProblem: (problem) => {
          throw problem;
        },
      });
      onTestFinished(() => storage.close());
      const session = { subject: 's', sessionId: `session-${index}` };
      const update = { session, clientSeq: 1, name: 'n', timeMs: 1, payload: Buffer.from('update') };
      await storage.log.append([{ key: KEY, epochWhenNew: 'e', updates: [update] }]);
      expect((await storage.log.readHeads([KEY]))[0]?.headSeq).toBe(index + 1);
      const encrypted = await server.query(
        url,
        `SELECT bool_and(s.ssl) AS all_encrypted, count(*)::int AS count FROM pg_stat_ssl s
         JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'tutti-relay'`,
      );
      expect(encrypted[0]?.['all_encrypted']).toBe(true);
      expect(encrypted[0]?.['count']).toBeGreaterThan(0);
    }
  });

  it('is not trusted with a certificate of another authority, or of an unknown one', async () => {
    const server = await startServer(await createAuthority(), 'IP:127.0.0.1');
    const url = await server.createDatabase();
    const another = await createAuthority();
    for (const address of [trusting(url, another.file), `${url}?sslmode=verify-full`]) {
      const failure = await failureOf(address);
      expect(failure.code).toBe('permission');
      expect(failure.message).toMatch(
        /^The database test_1 at 127\.0\.0\.1:\d+ is not trusted .*certificate.*sslrootcert/,
      );
      expect(failure.message).not.toContain('password');
    }
  });

  it('is not trusted with a certificate for another host', async () => {
    const authority = await createAuthority();
    const server = await startServer(authority, 'DNS:elsewhere.example');
    const failure = await failureOf(trusting(await server.createDatabase(), authority.file));
    expect(failure.code).toBe('permission');
    expect(failure.message).toContain('127.0.0.1 is not in the cert');
  });

  it('that does not speak TLS is not talked to without it', async () => {
    const authority = await createAuthority();
    const server = await PostgresServer.start();
    onTestFinished(() => server.dispose());
    const failure = await failureOf(trusting(await server.createDatabase(), authority.file));
    expect(failure.code).toBe('permission');
    expect(failure.message).toContain('does not speak TLS');
  });

  it('needs a file of authorities that can be read', async () => {
    const failure = await failureOf(trusting('postgres://u:hush@127.0.0.1:1/d', '/nowhere/authority.pem'));
    expect(failure.code).toBe('permission');
    expect(failure.message).toContain('/nowhere/authority.pem');
    expect(failure.message).not.toContain('hush');
  });
});
