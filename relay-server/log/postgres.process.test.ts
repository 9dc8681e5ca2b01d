import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '../testing/postgres-server.ts';
import {
  ALL_UPDATES as ALL,
  appendUpdates as append,
  failureOf,
  openPostgres,
  POSTGRES_DOCUMENT as KEY,
} from '../testing/postgres-under-test.ts';
import { describeDocumentRepairs } from './document-repairs.contract.ts';
import { openPostgresStorage, type PostgresStorage } from './postgres.ts';
import { describeAccessDirectory } from './access-directory.contract.ts';
import { describeRoomDirectory } from './room-directory.contract.ts';
import { describeUpdateLog } from './update-log.contract.ts';
import type { DocumentKey } from './update-log.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.dispose());

async function openFresh() {
  return openPostgres(await server.createDatabase());
}

describeUpdateLog('Postgres', async () => (await openFresh()).log);
describeAccessDirectory('Postgres', openFresh);
describeRoomDirectory('Postgres', async () => (await openFresh()).directory);
describeDocumentRepairs('Postgres', async () => {
  const url = await server.createDatabase();
  const { log, repairs } = await openPostgres(url);
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
    const nodes = await Promise.all([1, 2, 3].map(() => openPostgres(url)));
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
         tutti.join_requests, tutti.proposals, tutti.objects_claim, tutti.event_counts, tutti.events,
         tutti.blobs, tutti.blob_parts, tutti.blob_usage;
       DROP INDEX tutti.links_by_hash;
       ALTER TABLE tutti.links DROP COLUMN needs_approval, DROP COLUMN paths, DROP COLUMN created_by,
         DROP COLUMN closed_at_ms, DROP COLUMN closed_reason;
       DELETE FROM tutti.migrations WHERE name >= '0003'`,
    );
    const [{ log, segments, directory, access }] = await Promise.all([openPostgres(url), openPostgres(url)]);
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
    const [one, two, reader] = await Promise.all([openPostgres(url), openPostgres(url), openPostgres(url)]);
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
    const nodes = await Promise.all([openPostgres(url), openPostgres(url)]);
    for (let clientSeq = 1; clientSeq <= 50; clientSeq++) {
      const answers = await Promise.all(nodes.map((node) => append(node, 'same', [clientSeq])));
      expect(answers.map(([answer]) => answer?.seqs)).toEqual([[clientSeq], [clientSeq]]);
    }
    expect(await nodes[0]?.log.readUpdates(KEY, ALL)).toHaveLength(50);
  });

  it('never wait for each other when they append to the same documents in another order', async () => {
    const url = await server.createDatabase();
    const [one, two] = await Promise.all([openPostgres(url), openPostgres(url)]);
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
    const [one, two] = await Promise.all([openPostgres(url), openPostgres(url)]);
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
    const storage = await openPostgres(url);
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
