import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PostgresServer } from '../testing/postgres-server.ts';
import { describeDocumentRepairs } from './document-repairs.contract.ts';
import { LogFailure } from './log-failure.ts';
import { openPostgresStorage, type PostgresStorage, type PostgresStorageOptions } from './postgres.ts';
import { describeAccessDirectory } from './access-directory.contract.ts';
import { describeRoomDirectory } from './room-directory.contract.ts';
import { describeUpdateLog } from './update-log.contract.ts';
import type { DocumentKey } from './update-log.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
/** Short, for tests in which the server is away. */
const IMPATIENT = { statementTimeoutMs: 500, connectTimeoutMs: 500 };

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.dispose());

async function openStorage(
  url: string,
  options: Partial<PostgresStorageOptions> = {},
): Promise<PostgresStorage & { readonly problems: LogFailure[] }> {
  const problems: LogFailure[] = [];
  const storage = await openPostgresStorage(url, { reportProblem: (problem) => problems.push(problem), ...options });
  onTestFinished(() => storage.close());
  return { ...storage, problems };
}

async function openFresh(options?: Partial<PostgresStorageOptions>) {
  return openStorage(await server.createDatabase(), options);
}

function append(
  { log }: PostgresStorage,
  sessionId: string,
  clientSeqs: readonly number[],
  keys: readonly DocumentKey[] = [KEY],
) {
  const session = { subject: 's', sessionId };
  const updates = clientSeqs.map((clientSeq) => {
    return { session, clientSeq, name: 'n', timeMs: 1, payload: Buffer.from(`${sessionId} ${clientSeq}`) };
  });
  return log.append(keys.map((key) => ({ key, epochWhenNew: 'e', updates })));
}

async function failureOf(work: Promise<unknown>): Promise<LogFailure> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof LogFailure) return error;
  throw error;
}

describeUpdateLog('Postgres', async () => (await openFresh()).log);
describeAccessDirectory('Postgres', openFresh);
describeRoomDirectory('Postgres', async () => (await openFresh()).directory);
describeDocumentRepairs('Postgres', async () => {
  const url = await server.createDatabase();
  const { log, repairs } = await openStorage(url);
  const remove = `DELETE FROM tutti.updates USING tutti.documents
    WHERE updates.document_id = documents.document_id AND seq = $1 AND document = $2`;
  return {
    log,
    repairs,
    deleteUpdate: async ({ document }, seq) => void (await server.query(url, remove, [seq, document])),
    listDamaged: async () =>
      (await server.query(url, 'SELECT * FROM tutti.damaged_updates ORDER BY moved_at_ms')).map((row) => ({
        ...row,
        // Numbers of 64 bits come as text here.
        ...Object.fromEntries(['seq', 'client_seq', 'time_ms'].map((column) => [column, Number(row[column])])),
      })),
  };
});

const OLD_LINK = {
  linkId: 'old',
  tenant: 't',
  room: 'r',
  role: 'editor',
  label: '',
  secretHash: new Uint8Array(32),
  createdAtMs: 1,
  expiresAtMs: undefined,
  maxUses: undefined,
  needsApproval: false,
  paths: undefined,
  createdBy: '',
} as const;

describe('several nodes on one database', () => {
  it('bring its tables up to date at the same time', async () => {
    const url = await server.createDatabase();
    const nodes = await Promise.all([1, 2, 3].map(() => openStorage(url)));
    for (const [index, node] of nodes.entries()) await append(node, `node ${index}`, [1]);
    expect(await nodes[0]?.log.readDocument(KEY)).toMatchObject({ headSeq: 3 });
  });

  it('archive what an older version has written, and keep its links', async () => {
    const url = await server.createDatabase();
    const old = await openPostgresStorage(url, { reportProblem: () => {} });
    await append(old, 's', [1, 2, 3]);
    await old.log.setSnapshot(KEY, { seq: 3, snapshotId: 'three', byteLength: 1 }, undefined);
    await old.directory.createRoom({ tenant: 't', room: 'r', name: '', createdAtMs: 1 }, OLD_LINK);
    await old.close();
    await server.query(
      url,
      `DROP TABLE tutti.segments; DROP TABLE tutti.segment_uploads;
       ALTER TABLE tutti.documents DROP COLUMN archived_seq;
       DROP TABLE tutti.room_access, tutti.revoked_lineages, tutti.room_roles, tutti.members, tutti.audit,
         tutti.join_requests, tutti.proposals;
       DROP INDEX tutti.links_by_hash;
       ALTER TABLE tutti.links DROP COLUMN needs_approval, DROP COLUMN paths, DROP COLUMN created_by,
         DROP COLUMN closed_at_ms;
       DELETE FROM tutti.migrations WHERE name >= '0003'`,
    );
    const [{ log, segments, directory, access }] = await Promise.all([openStorage(url), openStorage(url)]);
    expect(await directory.findLink('t', 'old')).toMatchObject({ needsApproval: false, paths: undefined });
    expect(await access.readVersions([{ tenant: 't', room: 'r' }])).toEqual([0]);
    const rule = { keptUpdates: 1, writtenThroughMs: 1, minUpdates: 2 };
    expect(await segments.findCandidates(rule, 0)).toEqual({
      candidates: [{ key: KEY, epoch: 'e', fromSeq: 1, throughSeq: 2 }],
      nextPlace: undefined,
    });
    expect(await segments.beginUpload(KEY, '1-2', 1)).toBe(true);
    const segment = { fromSeq: 1, toSeq: 2, epoch: 'e', segmentId: '1-2', byteLength: 1 };
    expect(await segments.commit(KEY, segment)).toBe(true);
    expect(await log.readUpdates(KEY, ALL)).toMatchObject([{ seq: 3 }]);
  });

  it('append to one document, and a reader that sees a number has everything below it', async () => {
    const url = await server.createDatabase();
    const [one, two, reader] = await Promise.all([openStorage(url), openStorage(url), openStorage(url)]);
    let isDone = false;
    const write = async (node: PostgresStorage, sessionId: string) => {
      for (let clientSeq = 1; clientSeq <= 300; clientSeq += 3) {
        await append(node, sessionId, [clientSeq, clientSeq + 1, clientSeq + 2]);
      }
    };
    const read = async () => {
      const seen: number[] = [];
      let polls = 0;
      while (!isDone || seen.length < ((await reader.log.readDocument(KEY))?.headSeq ?? 0)) {
        const [head] = await reader.log.readHeads([KEY]);
        const rows = await reader.log.readUpdates(KEY, {
          ...ALL,
          afterSeq: seen.length,
          throughSeq: head?.headSeq ?? 0,
        });
        expect(rows).toHaveLength((head?.headSeq ?? 0) - seen.length);
        seen.push(...rows.map(({ seq }) => seq));
        polls++;
      }
      return { seen, polls };
    };
    const reading = read();
    await Promise.all([write(one, 'a'), write(one, 'b'), write(two, 'c'), write(two, 'd')]);
    isDone = true;
    const { seen, polls } = await reading;
    expect(seen).toEqual(Array.from({ length: 1200 }, (_, index) => index + 1));
    expect(polls).toBeGreaterThan(5);
  });

  it('give an update that both bring one number', async () => {
    const url = await server.createDatabase();
    const nodes = await Promise.all([openStorage(url), openStorage(url)]);
    for (let clientSeq = 1; clientSeq <= 50; clientSeq++) {
      const answers = await Promise.all(nodes.map((node) => append(node, 'same', [clientSeq])));
      expect(answers.map(([answer]) => answer?.seqs)).toEqual([[clientSeq], [clientSeq]]);
    }
    expect(await nodes[0]?.log.readUpdates(KEY, ALL)).toHaveLength(50);
  });

  it('never wait for each other when they append to the same documents in another order', async () => {
    const url = await server.createDatabase();
    const [one, two] = await Promise.all([openStorage(url), openStorage(url)]);
    const keys = Array.from({ length: 8 }, (_, index) => ({ ...KEY, document: `d${index}` }));
    const write = async (node: PostgresStorage, sessionId: string, order: readonly DocumentKey[]) => {
      for (let clientSeq = 1; clientSeq <= 40; clientSeq++) await append(node, sessionId, [clientSeq], order);
    };
    await Promise.all([write(one, 'a', keys), write(two, 'b', keys.toReversed()), write(two, 'c', keys)]);
    expect(await one.log.readHeads(keys)).toEqual(keys.map(() => ({ epoch: 'e', headSeq: 120 })));
    const [row] = await server.query(url, 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
    expect(row).toEqual({ deadlocks: '0' });
  });

  it('append to several documents all or nothing', async () => {
    const storage = await openFresh();
    await append(storage, 's', [1]);
    const update = { session: { subject: 's', sessionId: 'i' }, clientSeq: 1, timeMs: 1, payload: Buffer.from('x') };
    const possible = { key: KEY, epochWhenNew: 'e', updates: [{ ...update, name: 'n' }] };
    const impossible = {
      key: { ...KEY, document: 'other' },
      epochWhenNew: 'e',
      updates: [{ ...update, name: 'a text of Postgres has no \0' }],
    };
    expect(await failureOf(storage.log.append([possible, impossible]))).toMatchObject({ code: 'failed' });
    expect(await storage.log.readDocument(KEY)).toMatchObject({ headSeq: 1 });
    expect(await storage.log.readDocument(impossible.key)).toBeUndefined();
    expect(await append(storage, 's', [2])).toMatchObject([{ seqs: [2] }]);
  });
});

describe('a repair', () => {
  const STEP = { fromEpoch: 'e', toEpoch: 'e2', droppedSnapshotId: undefined, lostSegments: [], timeMs: 1 };

  it('is done once when two ask for it, and what is appended meanwhile is kept', async () => {
    const url = await server.createDatabase();
    const [one, two] = await Promise.all([openStorage(url), openStorage(url)]);
    await append(one, 's', [1, 2, 3]);
    const damaged = [{ seq: 2, reason: 'it has a \0' }];
    const repairs = [one, two].map((node, index) =>
      node.repairs.apply(KEY, { ...STEP, toEpoch: `e${index + 2}`, damaged }),
    );
    const appends = [4, 5, 6, 7].map((clientSeq) => append(two, `s${clientSeq}`, [clientSeq]));
    expect((await Promise.all(repairs)).filter(Boolean)).toHaveLength(1);
    await Promise.all(appends);
    const rows = await one.log.readUpdates(KEY, ALL);
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(rows.filter(({ payload }) => payload.byteLength === 2).map(({ seq }) => seq)).toEqual([2]);
    expect(await server.query(url, 'SELECT reason FROM tutti.damaged_updates')).toEqual([
      { reason: 'it has a \uFFFD' },
    ]);
  });

  it('is undone as a whole when it fails, and says so with a LogFailure', async () => {
    const url = await server.createDatabase();
    const storage = await openStorage(url);
    await append(storage, 's', [1, 2]);
    const before = await storage.log.readUpdates(KEY, ALL);
    const damaged = [{ seq: 1, reason: 'bad' }];
    const impossible = { ...STEP, toEpoch: 'a text of Postgres has no \0', damaged };
    expect(await failureOf(storage.repairs.apply(KEY, impossible))).toMatchObject({ code: 'failed' });
    expect(await storage.log.readUpdates(KEY, ALL)).toEqual(before);
    expect(await server.query(url, 'SELECT * FROM tutti.damaged_updates')).toEqual([]);
    await server.query(url, 'DROP TABLE tutti.damaged_updates');
    expect(await failureOf(storage.repairs.apply(KEY, { ...STEP, damaged }))).toMatchObject({ code: 'corrupted' });
    expect(await storage.repairs.apply(KEY, { ...STEP, damaged: [] })).toBe(true);
  });
});

describe('a server with a log of its statements', () => {
  let own: PostgresServer;
  beforeAll(async () => {
    own = await PostgresServer.start(['log_statement=all', 'synchronous_commit=off']);
  });
  afterAll(() => own.dispose());

  it('gets one statement for an append, and commits to the disk whatever its default is', async () => {
    const storage = await openStorage(await own.createDatabase(), { maxConcurrentAppends: 1 });
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
    const storage = await openStorage(await own.createDatabase());
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
    const storage = await openStorage(await own.createDatabase());
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
    const storage = await openFresh(IMPATIENT);
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
    const storage = await openFresh(IMPATIENT);
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
    const storage = await openStorage(url, { statementTimeoutMs: 300 });
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
    await openStorage(url);
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
