import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PostgresServer } from '../testing/postgres-server.ts';
import {
  ALL_UPDATES as ALL,
  appendUpdates as append,
  failureOf,
  IMPATIENT,
  openPostgres,
  POSTGRES_DOCUMENT as KEY,
} from '../testing/postgres-under-test.ts';
import { openPostgresStorage } from './postgres.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.dispose());

describe('a server with a log of its statements', () => {
  let own: PostgresServer;
  beforeAll(async () => {
    own = await PostgresServer.start(['log_statement=all', 'synchronous_commit=off']);
  });
  afterAll(() => own.dispose());

  it('gets one statement for an append, and commits to the disk whatever its default is', async () => {
    const storage = await openPostgres(await own.createDatabase(), { maxConcurrentAppends: 1 });
    await append(storage, 's', [1]);
    const statements = () => own.log.filter((line) => line.includes('LOG:  '));
    await expect.poll(() => statements().filter((line) => line.includes('execute append'))).toHaveLength(2);
    const before = statements().length;
    await append(storage, 's', [2, 3, 4]);
    await expect.poll(() => statements().filter((line) => line.includes('execute append'))).toHaveLength(3);
    expect(statements()).toHaveLength(before + 1);
    expect(statements().findLast((line) => line.includes('synchronous_commit'))).toContain(
      'SET synchronous_commit = on;',
    );
  });

  it('has every append that was resolved when it was killed, and takes repeated ones once', async () => {
    const storage = await openPostgres(await own.createDatabase());
    const resolved: number[] = [];
    const rejected: number[] = [];
    let isStopped = false;
    const write = async (writer: number) => {
      for (let clientSeq = 1; !isStopped; clientSeq++) {
        try {
          const [answer] = await append(storage, `writer ${writer}`, [clientSeq]);
          resolved.push(answer?.seqs[0] ?? 0);
        } catch (error) {
          expect(error).toMatchObject({ name: 'LogFailure', code: 'busy' });
          rejected.push(writer);
          return clientSeq;
        }
      }
      return 0;
    };
    const writing = Promise.all([1, 2, 3, 4].map(write));
    while (resolved.length < 200) await new Promise(setImmediate);
    await own.kill();
    isStopped = true;
    const unknown = await writing;
    expect(rejected.length).toBeGreaterThan(0);
    expect(await failureOf(append(storage, 's', [1]))).toMatchObject({ code: 'busy' });
    await own.start();
    const stored = new Set((await storage.log.readUpdates(KEY, ALL)).map(({ seq }) => seq));
    expect(resolved.filter((seq) => !stored.has(seq))).toEqual([]);
    for (const [index, clientSeq] of unknown.entries()) {
      if (clientSeq > 0) await append(storage, `writer ${index + 1}`, [clientSeq]);
    }
    const updates = await storage.log.readUpdates(KEY, ALL);
    expect(updates.map(({ seq }) => seq)).toEqual(updates.map((_, index) => index + 1));
    expect(updates).toHaveLength(resolved.length + rejected.length);
  });

  it('may be stopped and started while nobody writes', async () => {
    const storage = await openPostgres(await own.createDatabase());
    await append(storage, 's', [1]);
    await storage.directory.findRoom('t', 'r');
    await own.stop();
    expect(await failureOf(storage.directory.findRoom('t', 'r'))).toMatchObject({ code: 'busy' });
    await own.start();
    expect(await append(storage, 's', [2])).toMatchObject([{ seqs: [2] }]);
    expect(storage.problems.map(({ code }) => code)).toContain('busy');
  });
});

describe('the server', () => {
  it('may stall: calls reject in time, nothing crashes, and what was unknown is stored once', async () => {
    const storage = await openPostgres(await server.createDatabase(), IMPATIENT);
    await append(storage, 's', [1]);
    await storage.directory.findRoom('t', 'r');
    await server.stall();
    onTestFinished(() => server.resume());
    const failures = await Promise.all([
      failureOf(append(storage, 's', [2])),
      failureOf(append(storage, 's', [3], [{ ...KEY, document: 'other' }])),
      failureOf(storage.log.readUpdates(KEY, ALL)),
      failureOf(storage.directory.findRoom('t', 'r')),
    ]);
    expect(failures.map(({ code }) => code)).toEqual(['busy', 'busy', 'busy', 'busy']);
    // Also when it has to connect anew.
    expect(await failureOf(append(storage, 's', [2]))).toMatchObject({ code: 'busy' });
    await server.resume();
    expect(await append(storage, 's', [2])).toMatchObject([{ seqs: [2] }]);
    expect(await storage.log.readUpdates(KEY, ALL)).toHaveLength(2);
    expect(await storage.directory.findRoom('t', 'r')).toBeUndefined();
  });

  it('may be closed while it stalls', async () => {
    const storage = await openPostgres(await server.createDatabase(), IMPATIENT);
    await append(storage, 's', [1]);
    await server.stall();
    onTestFinished(() => server.resume());
    const pending = failureOf(append(storage, 's', [2]));
    await storage.close();
    expect(await pending).toMatchObject({ code: 'busy' });
    expect((await failureOf(append(storage, 's', [3]))).message).toContain('closed');
  });

  it('ends a statement that waits too long for another one', async () => {
    const url = await server.createDatabase();
    const storage = await openPostgres(url, { statementTimeoutMs: 300 });
    await append(storage, 's', [1]);
    const held = server.query(url, 'BEGIN; SELECT * FROM tutti.documents FOR UPDATE; SELECT pg_sleep(1); COMMIT');
    await expect
      .poll(() => server.query(url, `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`))
      .toHaveLength(1);
    expect(await failureOf(append(storage, 's', [2]))).toMatchObject({ code: 'busy' });
    await held;
    expect(await append(storage, 's', [2])).toMatchObject([{ seqs: [2] }]);
  });
});

describe('opening', () => {
  const open = (url: string) => failureOf(openPostgresStorage(url, { ...IMPATIENT, reportProblem: () => {} }));

  it('says that the password is wrong, without repeating it', async () => {
    const failure = await open(server.url('postgres', { password: 'hunter2' }));
    expect(failure.code).toBe('permission');
    expect(failure.message).toMatch(/postgres at 127\.0\.0\.1:\d+ .*user and password/);
    expect(failure.message).not.toContain('hunter2');
  });

  it('says that the database does not exist', async () => {
    expect((await open(server.url('nowhere'))).message).toMatch(/nowhere at .* does not exist/);
  });

  it('says that nobody answers at the address', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const address = closed.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    closed.close();
    await once(closed, 'close');
    const failure = await open(`postgres://u:p@127.0.0.1:${port}/relay`);
    expect(failure.code).toBe('busy');
    expect(failure.message).toMatch(/relay at 127\.0\.0\.1:\d+ does not answer .*ECONNREFUSED/);
  });

  it('gives up on an address that takes connections and says nothing', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expect(await open(`postgres://u:p@127.0.0.1:${port}/relay`)).toMatchObject({ code: 'busy' });
  });

  it.each(['', 'http://host/db', 'postgres://u:p@host:port/db', 'relay'])('refuses the address %j', async (url) => {
    expect((await open(url)).message).toContain('postgres://USER:PASSWORD@HOST:PORT/DATABASE');
  });

  it('refuses a database that a newer relay wrote', async () => {
    const url = await server.createDatabase();
    await openPostgres(url);
    await server.query(url, `INSERT INTO tutti.migrations VALUES ('9999-later', now()::text)`);
    expect((await open(url)).message).toContain('newer relay');
  });

  it("says that the database's user may not make tables", async () => {
    const url = await server.createDatabase();
    await server.query(url, `CREATE ROLE reader LOGIN PASSWORD 'reader'`);
    const database = new URL(url).pathname.slice(1);
    expect(await open(server.url(database, { user: 'reader', password: 'reader' }))).toMatchObject({
      code: 'permission',
    });
  });
});
