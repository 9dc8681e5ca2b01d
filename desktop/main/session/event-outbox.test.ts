import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DisposableStore, Emitter } from '../../../shared/lifecycle/index.ts';
import type { NewEvent } from '../../../shared/sync/administration/index.ts';
import { readReplacements } from '../../../shared/sync/blobs/index.ts';
import type { AckedEdits, ConnectionState, RequestOutcome } from '../../../shared/sync/index.ts';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { PendingEvents } from '../store/pending-events.ts';
import { RoomDatabase } from '../store/room-database.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { EventOutbox } from './event-outbox.ts';
import type { TakenChange } from './room-files.ts';

const ONLINE: ConnectionState = { kind: 'online', sinceMs: 0 };
const OFFLINE: ConnectionState = { kind: 'connecting', sinceMs: 0 };

function replacementOf(fileId: string, isConcurrent = false) {
  const from = { blob: 'a'.repeat(64), sizeBytes: 1 };
  const to = { blob: 'b'.repeat(64), sizeBytes: 2 };
  return { fileId, path: `${fileId}.png`, from, to, ...(isConcurrent ? { isConcurrent } : {}) };
}

/** An outbox of a device whose process ends and starts again; what the relay is told, and how it answers. */
class Device {
  readonly scheduler = new ManualScheduler();
  readonly posted: NewEvent[] = [];
  readonly explanations: string[] = [];
  answer: RequestOutcome<number> = { ok: true, value: 1 };
  private readonly path = join(temporaryFolder(), 'room.sqlite');
  private acked = new Emitter<AckedEdits>();
  private stateChanged = new Emitter<ConnectionState>();
  private taken = new Emitter<TakenChange>();
  private state = OFFLINE;
  private database: RoomDatabase | undefined;
  private current: EventOutbox | undefined;
  private disposables: DisposableStore | undefined;
  files = { isBulk: false, onDidTake: this.taken.event };

  constructor() {
    this.start();
    onTestFinished(() => this.end());
  }

  get outbox(): EventOutbox {
    if (!this.current) throw new Error('the process has ended');
    return this.current;
  }

  start(): void {
    this.acked = new Emitter();
    this.stateChanged = new Emitter();
    this.taken = new Emitter();
    this.files = { isBulk: false, onDidTake: this.taken.event };
    this.database = new RoomDatabase({ path: this.path, scheduler: this.scheduler });
    const getState = () => this.state;
    this.current = new EventOutbox({
      session: {
        onDidAck: this.acked.event,
        onDidChangeState: this.stateChanged.event,
        get state() {
          return getState();
        },
      },
      pending: new PendingEvents(this.database),
      events: {
        post: async (event) => {
          this.posted.push(event);
          return this.answer;
        },
      },
      scheduler: this.scheduler,
    });
    this.disposables = new DisposableStore();
    this.disposables.add(this.current);
    this.disposables.add(this.current.onDidRefuse((explanation) => this.explanations.push(explanation)));
    this.disposables.add(this.current.follow(this.files));
  }

  end(): void {
    this.disposables?.dispose();
    this.current = undefined;
    this.database?.close();
  }

  /** A file is changed from disk; its edit waits for the relay. */
  take(document: string, lastEdit = 1): void {
    this.database?.database
      .prepare('INSERT INTO updates (document, payload, is_unacked) VALUES (?, ?, 1)')
      .run(document, Buffer.from([1]));
    this.taken.fire({ fileId: document, document, lastEdit });
  }

  /** Of an edit that was never kept. */
  takeInVain(document: string): void {
    this.taken.fire({ fileId: document, document, lastEdit: 1 });
  }

  /** A file that is no text gets another content; the edit of the list waits for the relay. */
  replace(fileId: string, lastEdit: number, isConcurrent = false): void {
    this.taken.fire({ fileId, document: 'index', lastEdit });
    this.outbox.noteReplaced(replacementOf(fileId, isConcurrent), lastEdit);
  }

  /** How many rows were written so far. */
  get writes(): number {
    this.database?.writes.flush();
    return Number(this.database?.database.prepare('SELECT total_changes()').pluck().get());
  }

  /** What the relay was told, with the files that were replaced. */
  get told() {
    return this.posted.map(({ kind, label, files, detail = '' }) => {
      return [kind, label, files, readReplacements(detail).map(({ fileId }) => fileId)];
    });
  }

  ack(document: string, seq: number, firstUnacked = Infinity): void {
    this.acked.fire({ document, epoch: 'e', fromSeq: seq, toSeq: seq, firstUnacked });
  }

  async goOnline(): Promise<void> {
    this.state = ONLINE;
    this.stateChanged.fire(this.state);
    await this.settle();
  }

  async settle(): Promise<void> {
    this.scheduler.advance(10);
    await new Promise(setImmediate);
  }
}

it('tells the relay once it has every edit, with where each is, also of those that are acked while it goes on', async () => {
  const device = new Device();
  await device.goOnline();
  device.outbox.expectBulk();
  expect(device.files.isBulk).toBe(true);
  device.take('a', 3);
  device.take('b');
  device.ack('a', 7, 3);
  device.outbox.close('Switched to branch x', undefined);
  expect(device.files.isBulk).toBe(false);
  device.ack('b', 9);
  await device.settle();
  expect(device.posted).toEqual([]);
  device.ack('a', 8);
  device.ack('a', 30);
  await device.settle();
  expect(device.posted).toMatchObject([
    {
      kind: 'bulk',
      label: 'Switched to branch x',
      files: 2,
      spans: [
        { document: 'a', epoch: 'e', fromSeq: 7, toSeq: 8 },
        { document: 'b', epoch: 'e', fromSeq: 9, toSeq: 9 },
      ],
    },
  ]);
});

it('goes on after a new start, whether the event was complete or not, without edits that were never kept', async () => {
  const device = new Device();
  device.outbox.expectBulk();
  device.take('a');
  device.outbox.close('Stashed changes', undefined);
  device.outbox.expectBulk();
  device.take('b');
  device.takeInVain('c');
  device.end();
  device.start();
  expect(device.outbox.changedFiles).toBe(1);
  device.take('d', 1);
  device.outbox.close('Applied a stash', undefined);
  await device.goOnline();
  for (const [document, seq] of [
    ['a', 1],
    ['b', 2],
    ['d', 3],
  ] as const)
    device.ack(document, seq);
  await device.settle();
  expect(device.posted.map(({ label, files, spans }) => [label, files, spans.map(({ document }) => document)])).toEqual(
    [
      ['Stashed changes', 1, ['a']],
      ['Applied a stash', 2, ['b', 'd']],
    ],
  );
  device.end();
  device.start();
  await device.goOnline();
  expect(device.posted).toHaveLength(2);
});

it('tries again what the relay could not take, under the same id, and says what it will never take', async () => {
  const device = new Device();
  device.answer = { ok: false, explanation: 'later', isTransient: true };
  await device.goOnline();
  device.outbox.expectBulk();
  device.take('a');
  device.outbox.close('Changed 20 files on disk', undefined);
  device.ack('a', 1);
  await device.settle();
  expect(device.posted).toHaveLength(1);
  device.answer = { ok: false, explanation: 'never', isTransient: false };
  device.scheduler.advance(30_000);
  await device.settle();
  expect(device.posted).toHaveLength(2);
  expect(device.posted[1]?.id).toBe(device.posted[0]?.id);
  expect(device.explanations).toEqual(['"Changed 20 files on disk" is not in the room\'s history: never']);
  device.scheduler.advance(60_000);
  await device.settle();
  expect(device.posted).toHaveLength(2);
});

it('keeps nothing of what people do file by file, and expects more once there are many', async () => {
  const device = new Device();
  await device.goOnline();
  for (let file = 0; file < 19; file++) device.take(`f${file}`);
  expect(device.files.isBulk).toBe(false);
  device.outbox.close(undefined, undefined);
  for (let file = 0; file < 20; file++) device.take(`f${file}`);
  expect(device.files.isBulk).toBe(true);
  device.outbox.close(undefined, undefined);
  for (let file = 0; file < 20; file++) device.ack(`f${file}`, 1);
  await device.settle();
  expect(device.posted).toEqual([]);
  device.end();
  device.start();
  expect(device.outbox.changedFiles).toBe(0);
});

it('tells a file that was replaced with the act that it belongs to, also when its content comes later', async () => {
  const device = new Device();
  await device.goOnline();
  for (let file = 0; file < 19; file++) device.take(`f${file}`);
  device.outbox.expectContent('picture', 'b');
  expect(device.outbox.changedFiles).toBe(20);
  device.replace('logo', 1);
  device.outbox.close('Switched to branch x', undefined);
  for (let file = 0; file < 19; file++) device.ack(`f${file}`, 1);
  device.ack('index', 1, 2);
  await device.settle();
  expect(device.posted).toEqual([]);
  // What people do meanwhile is something else.
  device.take('g', 5);
  device.outbox.closeLoose();
  device.replace('picture', 2);
  await device.settle();
  expect(device.posted).toEqual([]);
  device.ack('index', 4);
  await device.settle();
  expect(device.told).toEqual([['bulk', 'Switched to branch x', 21, ['logo', 'picture']]]);
  expect(device.posted[0]?.spans).toContainEqual({ document: 'index', epoch: 'e', fromSeq: 1, toSeq: 4 });
});

it('tells a file that was replaced by itself where it belongs to nothing, or its content takes too long', async () => {
  const device = new Device();
  await device.goOnline();
  device.replace('logo', 1);
  device.outbox.closeLoose();
  device.ack('index', 1);
  device.replace('late', 2, true);
  device.ack('index', 2);
  await device.settle();
  expect(device.posted).toHaveLength(1);
  // The relay has the edit already.
  device.outbox.close(undefined, undefined);
  await device.settle();
  device.take('f');
  device.outbox.expectContent('film', 'b');
  device.outbox.close('Stashed changes', undefined);
  device.ack('f', 1);
  await device.settle();
  expect(device.posted).toHaveLength(2);
  device.scheduler.advance(30_000);
  await device.settle();
  device.replace('film', 3);
  device.outbox.closeLoose();
  device.ack('index', 3);
  await device.settle();
  expect(device.told).toEqual([
    ['blob', 'Replaced logo.png', 1, ['logo']],
    ['blob', 'Changed late.png, where a later change counts', 1, ['late']],
    ['bulk', 'Stashed changes', 1, []],
    ['blob', 'Replaced film.png', 1, ['film']],
  ]);
});

it('tells by themselves those of very many replaced files for which one event has no place', async () => {
  const device = new Device();
  await device.goOnline();
  for (let file = 0; file < 400; file++) device.replace(`f${file}`, file + 1);
  device.outbox.close('Switched to branch x', undefined);
  device.ack('index', 1);
  await device.settle();
  const [bulk, ...others] = device.posted;
  expect(bulk?.detail?.length).toBeLessThanOrEqual(65_536);
  expect(bulk?.files).toBe(400);
  const inBulk = readReplacements(bulk?.detail ?? '').length;
  expect(inBulk).toBeGreaterThan(200);
  expect(others).toHaveLength(400 - inBulk);
  expect(
    new Set(device.posted.flatMap(({ detail = '' }) => readReplacements(detail)).map(({ fileId }) => fileId)).size,
  ).toBe(400);
});

it('keeps what it knows of replaced files for the next start', async () => {
  const device = new Device();
  device.take('f');
  device.outbox.expectContent('film', 'b');
  device.replace('logo', 1);
  device.outbox.close('Stashed changes', undefined);
  device.take('index', 2);
  device.replace('film', 2);
  device.end();
  device.start();
  await device.goOnline();
  device.ack('f', 1);
  device.ack('index', 2);
  await device.settle();
  expect(device.told).toEqual([['bulk', 'Stashed changes', 3, ['logo', 'film']]]);
});

it('waits for the contents of each event no longer than for those of itself', async () => {
  const device = new Device();
  await device.goOnline();
  const act = async (file: string, seq: number) => {
    device.take(file);
    device.outbox.expectContent(`film of ${file}`, `blob of ${file}`);
    device.outbox.close(`Stashed ${file}`, undefined);
    device.ack(file, seq);
    await device.settle();
  };
  await act('f', 1);
  device.scheduler.advance(20_000);
  await act('g', 2);
  device.scheduler.advance(10_000);
  await device.settle();
  expect(device.posted.map(({ label }) => label)).toEqual(['Stashed f']);
  device.scheduler.advance(20_000);
  await device.settle();
  expect(device.posted.map(({ label }) => label)).toEqual(['Stashed f', 'Stashed g']);
});

it('writes no more for each ack, however many events wait for later ones', async () => {
  const device = new Device();
  const events = 300;
  for (let file = 1; file <= events; file++) {
    device.replace(`f${file}`, file);
    device.outbox.close(undefined, undefined);
  }
  await device.goOnline();
  const before = device.writes;
  for (let seq = 1; seq <= events; seq++) {
    device.ack('index', seq, seq + 1);
    await device.settle();
  }
  expect(device.posted.map(({ spans }) => spans[0]?.toSeq)).toEqual(Array.from({ length: events }, (_, n) => n + 1));
  // Where it begins, where it ends, and that it was told.
  expect(device.writes - before).toBeLessThan(5 * events);
});
