import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { createTypist } from '../testing/raw-client.ts';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { archiveSegment } from './archive-segment.ts';
import { Archiver } from './archiver.ts';
import type { CreateSnapshot } from './compact-document.ts';
import { Compactor } from './compactor.ts';
import { FolderMark, FolderSegmentStore, FolderSnapshotStore } from './folder.ts';
import { LogFailure } from './log-failure.ts';
import { describeObjectsClaims, describeObjectsMark } from './objects-claim.contract.ts';
import type { ObjectsMark } from './objects-claim.ts';
import { ObjectsOwnership, takeOverObjects } from './objects-ownership.ts';
import { segmentIds } from './segment-id.ts';
import { SnapshotBuilder } from './snapshot-builder.ts';
import { openSqliteStorage } from './sqlite.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };
const MINUTE_MS = 60_000;
const GRACE_MS = 10 * MINUTE_MS;

const buildHere: CreateSnapshot = async (pages) => {
  const builder = new SnapshotBuilder();
  for await (const page of pages) builder.add(page);
  return builder.finish();
};

/** A store of objects that relays of several databases reach. */
class SharedStore {
  readonly folder = temporaryFolder();
  readonly scheduler = new ManualScheduler(Date.now());
  readonly snapshots = new FolderSnapshotStore(join(this.folder, 'snapshots'));
  readonly segments = new FolderSegmentStore(join(this.folder, 'segments'));
  readonly mark = new FolderMark(join(this.folder, 'snapshots', 'owner'));
  readonly relays: Relay[] = [];
  stalled: { readonly mark: string; readonly resolve: () => void } | undefined;
  private databases = 0;

  createDatabase(): string {
    return join(this.folder, `${++this.databases}.db`);
  }

  /** As a backup does that is restored beside the original. */
  copyDatabase(path: string): string {
    const copy = this.createDatabase();
    const database = new Database(path);
    database.prepare('VACUUM INTO ?').run(copy);
    database.close();
    return copy;
  }

  start(path: string, mark: ObjectsMark = this.mark): Relay {
    const relay = new Relay(this, path, mark);
    this.relays.push(relay);
    return relay;
  }

  /** Whoever writes to it after half an hour waits until `stalled` lets it go on; its reads answer at once. */
  stallingMark(): ObjectsMark {
    const stallsAtMs = this.scheduler.now() + 30 * MINUTE_MS;
    return {
      read: () => this.mark.read(),
      write: async (mark) => {
        if (this.scheduler.now() > stallsAtMs && !this.stalled)
          await new Promise<void>((resolve) => (this.stalled = { mark, resolve }));
        await this.mark.write(mark);
      },
    };
  }

  async pass(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute++) {
      for (const relay of this.relays) await relay.settled();
      this.scheduler.advance(MINUTE_MS);
      for (const relay of this.relays) await relay.settled();
    }
  }
}

/** What of a relay makes and removes objects. */
class Relay {
  readonly path: string;
  readonly problems: unknown[] = [];
  readonly storage: ReturnType<typeof openSqliteStorage>;
  readonly ownership: ObjectsOwnership;
  private readonly compactor: Compactor;
  private readonly archiver: Archiver;
  private clientSeq = 0;

  constructor({ scheduler, snapshots, segments }: SharedStore, path: string, mark: ObjectsMark) {
    this.path = path;
    this.storage = openSqliteStorage(path);
    const { log, segments: index, objectsClaims: claims } = this.storage;
    const reportProblem = (error: unknown) => this.problems.push(error);
    this.ownership = new ObjectsOwnership({ claims, mark, place: 'the bucket', scheduler, reportProblem });
    const mayRemove = () => this.ownership.mayRemove();
    this.compactor = new Compactor(
      { log, snapshots, scheduler, mayRemove, reportProblem },
      { afterUpdates: 3, afterBytes: 1e9, graceMs: GRACE_MS, createSnapshot: buildHere },
    );
    this.archiver = new Archiver(
      { log, index, store: segments, scheduler, mayRemove, reportProblem },
      { keptUpdates: 1e6, keptMs: 1, graceMs: GRACE_MS },
    );
    onTestFinished(() => this.stop());
  }

  /** Types three words, of which a snapshot is made; gives its id. */
  async grow(): Promise<string> {
    const typist = createTypist(++this.clientSeq);
    const updates = ['a', 'b', 'c'].map((word, index) => ({
      session: { subject: 'ada', sessionId: `${this.path} ${this.clientSeq}` },
      clientSeq: index + 1,
      name: 'Ada',
      timeMs: 1,
      payload: typist.type(word),
    }));
    await this.storage.log.append([{ key: KEY, epochWhenNew: 'e', updates }]);
    this.compactor.noteGrowth(KEY, 3, 9);
    await this.settled();
    return (await this.storage.log.readDocument(KEY))?.snapshot?.snapshotId ?? '';
  }

  async settled(): Promise<void> {
    await this.ownership.settled();
    await this.compactor.settled();
    await this.archiver.settled();
  }

  stop(): void {
    this.ownership.dispose();
    this.compactor.dispose();
    this.archiver.dispose();
    this.storage.dispose();
  }
}

const FOREIGN = {
  name: 'LogFailure',
  message: expect.stringMatching(/the bucket belongs to another.*take-over-objects/) as unknown,
};

describeObjectsClaims('SQLite', () => {
  const storage = openSqliteStorage(join(temporaryFolder(), 'relay.db'));
  onTestFinished(() => storage.dispose());
  return storage;
});
describeObjectsMark('folder', () => new FolderMark(join(temporaryFolder(), 'snapshots', 'owner')));

describe('a copy of a database that is served with the store of the original', () => {
  it('removes no snapshot that the original points to, and says why', async () => {
    const store = new SharedStore();
    const original = store.start(store.createDatabase());
    const first = await original.grow();
    const path = store.copyDatabase(original.path);
    await store.pass(60);
    const copy = store.start(path);
    await copy.grow();
    await store.pass(30);
    await copy.grow();
    await store.pass(60);
    expect(await store.snapshots.read(KEY, first)).not.toHaveLength(0);
    expect(copy.problems).toMatchObject([FOREIGN]);
    // The original still tidies up after itself.
    const second = await original.grow();
    await store.pass(30);
    const left = (await store.snapshots.list(KEY)).map(({ snapshotId }) => snapshotId);
    expect(left).toContain(second);
    expect(left).not.toContain(first);
    expect(original.problems).toEqual([]);
  });

  it('removes no snapshot either when it was copied and started just now', async () => {
    const store = new SharedStore();
    const original = store.start(store.createDatabase());
    const first = await original.grow();
    await store.pass(35);
    const copy = store.start(store.copyDatabase(original.path));
    await copy.grow();
    await store.pass(60);
    expect(await store.snapshots.read(KEY, first)).not.toHaveLength(0);
    expect(copy.problems).toMatchObject([FOREIGN]);
    expect([original.ownership.mayRemove(), copy.ownership.mayRemove()]).toEqual([true, false]);
  });

  it('removes no segment whose upload was under way when it was copied', async () => {
    const store = new SharedStore();
    const original = store.start(store.createDatabase());
    await original.grow();
    const bytes = new Uint8Array([1]);
    const segment = { fromSeq: 1, toSeq: 3, epoch: 'e', segmentId: segmentIds.of({ fromSeq: 1, toSeq: 3 }, bytes) };
    const { segments: index } = original.storage;
    await index.beginUpload(KEY, segment.segmentId, store.scheduler.now());
    const path = store.copyDatabase(original.path);
    await store.segments.write(KEY, segment, bytes);
    expect(await index.commit(KEY, { ...segment, byteLength: 1 })).toBe(true);
    await store.pass(60);
    store.start(path);
    await store.pass(100);
    expect(await store.segments.list(KEY)).toHaveLength(1);
  });

  it('removes no segment of its own that the original may have as well', async () => {
    const store = new SharedStore();
    const { storage } = store.start(store.createDatabase());
    const { log, segments } = storage;
    const updates = [1, 2].map((clientSeq) => {
      const session = { subject: 'ada', sessionId: 's' };
      return { session, clientSeq, name: 'Ada', timeMs: 1, payload: new Uint8Array(1) };
    });
    await log.append([{ key: KEY, epochWhenNew: 'e', updates }]);
    // It cannot be committed without a snapshot.
    const candidate = { key: KEY, epoch: 'e', fromSeq: 1, throughSeq: 2 };
    const archive = (mayRemove: boolean) =>
      archiveSegment(
        { log, index: segments, store: store.segments, scheduler: store.scheduler, mayRemove: () => mayRemove },
        candidate,
        { maxUpdates: 2, maxBytes: 1e6 },
        new AbortController().signal,
      );
    expect(await archive(false)).toBe('overtaken');
    expect(await store.segments.list(KEY)).toHaveLength(1);
    expect(await segments.abandonUploads(Number.MAX_SAFE_INTEGER)).toHaveLength(1);
  });

  it('takes the place of the original when it is told to', async () => {
    const store = new SharedStore();
    const original = store.start(store.createDatabase());
    const path = store.copyDatabase(original.path);
    await store.pass(60);
    const copy = store.start(path);
    await store.pass(60);
    expect(copy.ownership.mayRemove()).toBe(false);
    await takeOverObjects({ claims: copy.storage.objectsClaims, mark: store.mark });
    await store.pass(15);
    // It watches for a while first.
    expect([original.ownership.mayRemove(), copy.ownership.mayRemove()]).toEqual([false, false]);
    await store.pass(30);
    expect([original.ownership.mayRemove(), copy.ownership.mayRemove()]).toEqual([false, true]);
    await store.pass(100);
    expect([original.ownership.mayRemove(), copy.ownership.mayRemove()]).toEqual([false, true]);
    expect(original.problems).toMatchObject([FOREIGN]);
    expect(copy.problems).toMatchObject([FOREIGN]);
  });
});

describe('whom the objects of a store belong to', () => {
  it('is the first who comes; it is sure after a while, and stays so over restarts', async () => {
    const store = new SharedStore();
    const path = store.createDatabase();
    for (let life = 0; life < 3; life++) {
      const relay = store.start(path);
      await store.pass(25);
      expect(relay.ownership.mayRemove()).toBe(false);
      await store.pass(5);
      for (let minute = 0; minute < 100; minute++) {
        expect(relay.ownership.mayRemove()).toBe(true);
        await store.pass(1);
      }
      expect(relay.problems).toEqual([]);
      store.relays.length = 0;
      relay.stop();
      store.scheduler.advance(1_000 * MINUTE_MS);
    }
  });

  it('is no other database, and no older state of it', async () => {
    const store = new SharedStore();
    const path = store.createDatabase();
    const relay = store.start(path);
    const backup = store.copyDatabase(path);
    await store.pass(60);
    store.relays.length = 0;
    relay.stop();
    for (const other of [store.start(store.createDatabase()), store.start(backup)]) {
      await store.pass(100);
      expect(other.ownership.mayRemove()).toBe(false);
      expect(other.problems).toMatchObject([FOREIGN]);
    }
  });

  it('is not known while the store is away, which is said once', async () => {
    const store = new SharedStore();
    let isAway = false;
    const reach = () => (isAway ? Promise.reject(new LogFailure('busy', 'it is away')) : Promise.resolve());
    const relay = store.start(store.createDatabase(), {
      read: () => reach().then(() => store.mark.read()),
      write: (mark) => reach().then(() => store.mark.write(mark)),
    });
    await store.pass(30);
    expect(relay.ownership.mayRemove()).toBe(true);
    isAway = true;
    await store.pass(60);
    expect(relay.ownership.mayRemove()).toBe(false);
    expect(relay.problems).toMatchObject([{ message: 'it is away' }]);
    isAway = false;
    await store.pass(10);
    expect(relay.ownership.mayRemove()).toBe(true);
    isAway = true;
    await store.pass(20);
    expect(relay.problems).toHaveLength(2);
  });

  it('stays so when one of its relays writes a mark that the others have replaced many times', async () => {
    const store = new SharedStore();
    const path = store.createDatabase();
    const original = store.start(path);
    const late = store.start(path, store.stallingMark());
    // Nobody waits for it.
    store.relays.pop();
    while (!store.stalled) {
      await store.pass(10);
      await new Promise(setImmediate);
    }
    const copy = store.start(store.copyDatabase(path));
    const other = store.start(path);
    await store.pass(50);
    expect(copy.problems).toMatchObject([FOREIGN]);
    // What it has sent arrives after its end.
    late.stop();
    store.stalled.resolve();
    await late.ownership.settled();
    expect(await store.mark.read()).toBe(store.stalled.mark);
    for (let minute = 0; minute < 60; minute++) {
      await store.pass(1);
      // The copy knows that mark as well.
      expect(copy.ownership.mayRemove()).toBe(false);
    }
    for (const { problems, ownership } of [original, other])
      expect([problems, ownership.mayRemove()]).toEqual([[], true]);
  });

  it('is written anew when the mark is lost', async () => {
    const store = new SharedStore();
    const relay = store.start(store.createDatabase());
    await store.pass(30);
    rmSync(join(store.folder, 'snapshots', 'owner'));
    await store.pass(60);
    expect(relay.ownership.mayRemove()).toBe(true);
    expect(await store.mark.read()).toBeDefined();
    expect(relay.problems).toEqual([]);
  });

  it('is said when the mark is no mark', async () => {
    const store = new SharedStore();
    const relay = store.start(store.createDatabase());
    await store.pass(30);
    writeFileSync(join(store.folder, 'snapshots', 'owner'), 'something else');
    await store.pass(10);
    expect(relay.ownership.mayRemove()).toBe(false);
    expect(relay.problems).toMatchObject([FOREIGN]);
  });

  it.each([1, 2, 3, 4])('is one database, however many relays of it check at once and fail: seed %i', async (seed) => {
    const store = new SharedStore();
    const random = createSeededRandom(seed);
    // Answers come late, and are lost before or after what was asked for was done.
    const shaken = async <T>(work: () => Promise<T>): Promise<T> => {
      const fate = random.below(20);
      for (let turns = random.below(3); turns > 0; turns--) await new Promise(setImmediate);
      if (fate === 0) throw new LogFailure('busy', 'it was lost on its way');
      const result = await work();
      for (let turns = random.below(3); turns > 0; turns--) await new Promise(setImmediate);
      if (fate === 1) throw new LogFailure('busy', 'the answer was lost on its way');
      return result;
    };
    const mark: ObjectsMark = {
      read: () => shaken(() => store.mark.read()),
      write: (text) => shaken(() => store.mark.write(text)),
    };
    const path = store.createDatabase();
    const relays = [1, 2, 3, 4].map(() => store.start(path, mark));
    const marks = new Set<string | undefined>();
    for (let round = 0; round < 60; round++) {
      store.scheduler.advance(10 * MINUTE_MS);
      // All at once.
      await Promise.all(relays.map((relay) => relay.settled()));
      marks.add(await store.mark.read());
    }
    for (const { problems } of relays)
      expect(problems.filter((problem) => !(problem instanceof LogFailure) || problem.code !== 'busy')).toEqual([]);
    expect(marks.size).toBeGreaterThan(20);
  });
});
