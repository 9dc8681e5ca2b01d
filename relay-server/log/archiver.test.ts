import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { type ArchiveOptions, Archiver } from './archiver.ts';
import { FolderSegmentStore } from './folder.ts';
import { LogFailure } from './log-failure.ts';
import type { SegmentStore } from './segment-store.ts';
import { openSqliteStorage } from './sqlite.ts';
import { MIGRATIONS } from './sqlite/schema.ts';

const MINUTE_MS = 60_000;
const INTERVAL_MS = 5 * MINUTE_MS;
const OPTIONS: ArchiveOptions = { keptUpdates: 10, keptMs: 60 * MINUTE_MS, segmentUpdates: 5, intervalMs: INTERVAL_MS };

const keyOf = (document: string) => ({ tenant: 't', room: 'r', document });

function setUp(options: Partial<ArchiveOptions> = {}, wrap = (store: SegmentStore): SegmentStore => store) {
  const folder = temporaryFolder();
  const path = join(folder, 'relay.db');
  const storage = openSqliteStorage(path);
  const store = new FolderSegmentStore(join(folder, 'segments'));
  const scheduler = new ManualScheduler();
  const problems: unknown[] = [];
  const start = () => {
    const { log, segments: index } = storage;
    const reportProblem = (error: unknown) => problems.push(error);
    const archiver = new Archiver(
      { log, index, store: wrap(store), scheduler, reportProblem },
      { ...OPTIONS, ...options },
    );
    onTestFinished(() => archiver.dispose());
    return archiver;
  };
  const archiver = start();
  onTestFinished(() => storage.dispose());
  const written = new Map<string, number>();
  /** Appends so many updates, which a snapshot covers at once. */
  async function write(document: string, count: number, { bytes = 10, isCovered = true } = {}): Promise<void> {
    const before = written.get(document) ?? 0;
    written.set(document, before + count);
    const updates = Array.from({ length: count }, (_, index) => {
      const session = { subject: 'ada', sessionId: 's' };
      const payload = new Uint8Array(bytes);
      return { session, clientSeq: before + index + 1, name: 'Ada', timeMs: scheduler.now(), payload };
    });
    const key = keyOf(document);
    await storage.log.append([{ key, epochWhenNew: 'e', updates }]);
    if (!isCovered) return;
    const record = await storage.log.readDocument(key);
    const seq = before + count;
    const pointer = { seq, snapshotId: `at ${seq}`, byteLength: 1 };
    await storage.log.setSnapshot(key, pointer, record?.snapshot?.snapshotId);
  }
  /** Lets time pass, minute by minute. */
  async function pass(minutes: number, during = archiver): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      scheduler.advance(MINUTE_MS);
      await during.settled();
    }
  }
  /** `FROM-TO` of each segment. */
  async function segmentsOf(document: string): Promise<string[]> {
    const ranges: string[] = [];
    let segment = await storage.segments.findAfter(keyOf(document), 0);
    while (segment) {
      ranges.push(`${segment.fromSeq}-${segment.toSeq}`);
      segment = await storage.segments.findAfter(keyOf(document), segment.toSeq);
    }
    return ranges;
  }
  return { path, storage, store, scheduler, problems, archiver, start, write, pass, segmentsOf };
}

describe('the archiver', () => {
  it('archives what is old, beyond the newest updates and in a snapshot, in whole segments', async () => {
    const { write, pass, segmentsOf, problems } = setUp();
    await write('file', 24);
    await write('young', 9);
    await write('without a snapshot', 40, { isCovered: false });
    await pass(59);
    expect(await segmentsOf('file')).toEqual([]);
    await pass(10);
    expect(await segmentsOf('file')).toEqual(['1-5', '6-10']);
    expect(await segmentsOf('young')).toEqual([]);
    expect(await segmentsOf('without a snapshot')).toEqual([]);
    await write('file', 1);
    await pass(10);
    expect(await segmentsOf('file')).toEqual(['1-5', '6-10', '11-15']);
    expect(problems).toEqual([]);
  });

  it('ends a segment at a size', async () => {
    const { write, pass, segmentsOf } = setUp({ segmentBytes: 100 });
    await write('file', 30, { bytes: 60 });
    await pass(80);
    // The last updates make no whole segment by their number.
    expect(await segmentsOf('file')).toEqual(['1-2', '3-4', '5-6', '7-8', '9-10', '11-12', '13-14', '15-16']);
  });

  it('archives much one after the other, and one document does not hold up others', async () => {
    const { write, pass, segmentsOf, scheduler, archiver } = setUp({ keptUpdates: 0 });
    await write('large', 500);
    for (let index = 0; index < 30; index++) await write(`small ${index}`, 5);
    while ((await segmentsOf('large')).length === 0) await pass(1);
    scheduler.advance(1_000);
    await archiver.settled();
    for (let index = 0; index < 30; index++) expect(await segmentsOf(`small ${index}`)).toEqual(['1-5']);
    expect((await segmentsOf('large')).length).toBeLessThan(10);
    await pass(100);
    expect(await segmentsOf('large')).toHaveLength(100);
  });

  it('reports a damaged document once, leaves it as it is and hurts no other', async () => {
    const { write, pass, segmentsOf, problems, path, storage } = setUp();
    for (const document of ['bad', 'good']) await write(document, 30);
    const database = new Database(path);
    database.prepare('DELETE FROM updates WHERE document_id = 1 AND seq = 3').run();
    database.close();
    await pass(100);
    expect(await segmentsOf('bad')).toEqual([]);
    expect(await segmentsOf('good')).toEqual(['1-5', '6-10', '11-15', '16-20']);
    expect(problems).toMatchObject([
      {
        code: 'corrupted',
        message: expect.stringMatching(/bad in room r .*"repair --tenant t --room r --document bad"/) as unknown,
      },
    ]);
    const all = { afterSeq: 0, throughSeq: 99, maxBytes: 1e6 };
    expect(await storage.log.readUpdates(keyOf('bad'), all)).toHaveLength(29);
    // Once it is repaired it is archived like all others.
    const damaged = [{ seq: 3, reason: 'it is missing' }];
    const step = { fromEpoch: 'e', toEpoch: 'e2', droppedSnapshotId: undefined, damaged, lostSegments: [], timeMs: 1 };
    expect(await storage.repairs.apply(keyOf('bad'), step)).toBe(true);
    await pass(20);
    expect(await segmentsOf('bad')).toHaveLength(4);
  });

  it('goes on when the store is back, says once that it is away, and removes what was left', async () => {
    let isAway = true;
    let removed = 0;
    const { write, pass, segmentsOf, problems, store, storage } = setUp({ graceMs: 20 * MINUTE_MS }, (inner) => ({
      async write(...parameters) {
        // As when an answer is lost on its way.
        const segmentId = await inner.write(...parameters);
        if (isAway) throw new LogFailure('busy', 'the store does not answer');
        return segmentId;
      },
      read: (...parameters) => inner.read(...parameters),
      list: (...parameters) => inner.list(...parameters),
      async remove(...parameters) {
        removed++;
        await inner.remove(...parameters);
      },
    }));
    for (const document of ['one', 'two']) await write(document, 20);
    await pass(70);
    expect(problems).toMatchObject([{ code: 'busy' }]);
    expect(await segmentsOf('one')).toEqual([]);
    expect(await store.list(keyOf('one'))).not.toEqual([]);
    isAway = false;
    await pass(60);
    for (const document of ['one', 'two']) {
      expect(await segmentsOf(document)).toEqual(['1-5', '6-10']);
      expect(await store.list(keyOf(document))).toHaveLength(2);
    }
    expect(removed).toBeGreaterThan(1);
    expect(problems).toHaveLength(1);
    expect(await storage.segments.abandonUploads(Number.MAX_SAFE_INTEGER)).toEqual([]);
  });

  it('goes on when what an upload has left cannot be removed, and says so once', async () => {
    const locked = `1-5-${'0'.repeat(64)}`;
    let isLocked = true;
    const { write, pass, segmentsOf, problems, storage, scheduler } = setUp({ graceMs: 20 * MINUTE_MS }, (inner) => ({
      write: (...parameters) => inner.write(...parameters),
      read: (...parameters) => inner.read(...parameters),
      list: (...parameters) => inner.list(...parameters),
      async remove(key, segmentId) {
        if (isLocked && segmentId === locked) throw new LogFailure('permission', 'it may not be removed');
        await inner.remove(key, segmentId);
      },
    }));
    for (const document of ['locked', 'left', 'file']) await write(document, 20);
    // As a process that died has left them, the locked one first.
    await storage.segments.beginUpload(keyOf('locked'), locked, scheduler.now());
    await storage.segments.beginUpload(keyOf('left'), `1-5-${'1'.repeat(64)}`, scheduler.now() + 1);
    await pass(100);
    expect(await segmentsOf('file')).toEqual(['1-5', '6-10']);
    expect(await segmentsOf('left')).toEqual(['1-5', '6-10']);
    // A document waits for the end of its upload.
    expect(await segmentsOf('locked')).toEqual([]);
    expect(problems).toMatchObject([{ code: 'permission' }]);
    isLocked = false;
    await pass(20);
    expect(await segmentsOf('locked')).toEqual(['1-5', '6-10']);
    expect(problems).toHaveLength(1);
    isLocked = true;
    await storage.segments.beginUpload(keyOf('locked'), locked, scheduler.now());
    await pass(30);
    expect(problems).toMatchObject([{ code: 'permission' }, { code: 'permission' }]);
  });

  it('says once that the store is away, whatever it is asked for', async () => {
    const isAway = () => Promise.reject(new LogFailure('busy', 'the store does not answer'));
    const away: SegmentStore = { write: isAway, read: isAway, list: isAway, remove: isAway };
    const { write, pass, problems, storage, scheduler } = setUp({}, () => away);
    for (const document of ['left', 'file']) await write(document, 20);
    await storage.segments.beginUpload(keyOf('left'), `1-5-${'1'.repeat(64)}`, scheduler.now());
    await pass(100);
    expect(problems).toMatchObject([{ code: 'busy' }]);
  });

  it('does not lose rows to a store that does not keep what it is given', async () => {
    const { write, pass, problems, storage } = setUp({}, (inner) => ({
      async write(key, range, bytes) {
        const segmentId = await inner.write(key, range, bytes);
        await inner.remove(key, segmentId);
        return segmentId;
      },
      read: (...parameters) => inner.read(...parameters),
      list: (...parameters) => inner.list(...parameters),
      remove: (...parameters) => inner.remove(...parameters),
    }));
    await write('file', 20);
    await pass(70);
    const all = { afterSeq: 0, throughSeq: 99, maxBytes: 1e6 };
    expect(await storage.log.readUpdates(keyOf('file'), all)).toHaveLength(20);
    expect(problems).toMatchObject([
      { code: 'busy', message: expect.stringMatching(/cannot be read back/) as unknown },
    ]);
  });

  it('ends when it is disposed', async () => {
    const { write, pass, segmentsOf, archiver } = setUp();
    await write('file', 20);
    archiver.dispose();
    await pass(100);
    expect(await segmentsOf('file')).toEqual([]);
  });
});

it('archives what an older version of the relay has written', async () => {
  const path = join(temporaryFolder(), 'relay.db');
  const old = new Database(path);
  for (const migration of MIGRATIONS.slice(0, 3)) old.exec(migration);
  old.pragma('user_version = 3');
  old.exec(`
    INSERT INTO documents (tenant, room, document, epoch, head, snapshot_seq, snapshot_id, snapshot_bytes)
      VALUES ('t', 'r', 'file', 'e', 3, 3, 'three', 1);
    INSERT INTO sessions (subject, session_id) VALUES ('ada', 's');
    INSERT INTO updates VALUES (1, 1, 1, 1, 'Ada', 1, x'01'), (1, 2, 1, 2, 'Ada', 1, x'02'), (1, 3, 1, 3, 'Ada', 1, x'03');
  `);
  old.close();
  const storage = openSqliteStorage(path);
  onTestFinished(() => storage.dispose());
  const rule = { keptUpdates: 1, writtenThroughMs: 1, minUpdates: 2 };
  const { candidates } = await storage.segments.findCandidates(rule, 0);
  expect(candidates).toEqual([{ key: keyOf('file'), epoch: 'e', fromSeq: 1, throughSeq: 2 }]);
  await storage.segments.beginUpload(keyOf('file'), '1-2', 1);
  const segment = { fromSeq: 1, toSeq: 2, epoch: 'e', segmentId: '1-2', byteLength: 1 };
  expect(await storage.segments.commit(keyOf('file'), segment)).toBe(true);
});
