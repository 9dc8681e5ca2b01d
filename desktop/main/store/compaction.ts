import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { type Disposable, MutableDisposable, reportUnexpectedError } from '../../../shared/lifecycle/index.ts';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';
import { fromBlob, toBlob } from './blobs.ts';
import { type MergedRun, packRows } from './compaction-messages.ts';
import { CompactionThread } from './compaction-thread.ts';
import type { RoomDatabase } from './room-database.ts';

/** A document that rests is merged when it has more rows. */
const MAX_ROWS_AT_REST = 200;
const REST_MS = 5_000;
/** A document that is worked on is merged when it has grown by so many rows. */
const MAX_ROWS = 2_000;
/** A large document is merged less often, since all of it is written anew: one row more for so many bytes. */
const BYTES_PER_ROW = 4_096;
/** So many rows are read before others have their turn. */
const READ_ROWS = 250;
/** Removing rows, and giving free pages back to the disk, leaves the turn to others after so long. */
const TURN_MS = 2;
const REMOVED_ROWS = 50;
const FREED_PAGES = 16;

type Row = Readonly<Record<string, unknown>>;

interface Growth {
  rows: number;
  /** Of the merged row, when it is known. */
  mergedBytes: number;
  changedMs: number;
}

interface ReadRows {
  readonly acked: number[];
  readonly unacked: number[];
}

/**
 * Keeps the logs of a room's documents short, one document at a time and never in the way of a keystroke: rows are read,
 * and replaced, a few in each turn, and merged in a thread. A merged update first takes the place of the last of its rows;
 * then the others go. Whenever the process ends in between, every edit is there at least once.
 */
export class Compaction implements Disposable {
  private readonly room: RoomDatabase;
  private readonly thread: CompactionThread;
  private readonly statements: ReturnType<typeof prepareStatements>;
  private readonly growth = new Map<string, Growth>();
  private readonly queue = new Set<string>();
  private readonly unmergeable = new Set<string>();
  /** Documents of which all was replaced while they were being merged. */
  private readonly renewed = new Set<string>();
  private readonly timer = new MutableDisposable<Disposable>();
  private running: Promise<void> | undefined;
  private isDisposed = false;

  /** The database stays the caller's. */
  constructor(room: RoomDatabase) {
    this.room = room;
    this.thread = new CompactionThread(room.scheduler);
    this.statements = prepareStatements(room.database);
  }

  /** A document was found to have so many rows, the largest of which may be a merged one of so many bytes. */
  found(document: string, rows: number, largestBytes: number): void {
    this.growth.set(document, { rows: 0, mergedBytes: largestBytes, changedMs: 0 });
    this.grown(document, rows);
  }

  /** All rows of a document were replaced by one of so many bytes; what is being merged of it is void. */
  replaced(document: string, bytes: number): void {
    this.renewed.add(document);
    this.found(document, 1, bytes);
  }

  /** A document has so many rows more. */
  grown(document: string, rows: number): void {
    const growth = this.growth.get(document) ?? { rows: 0, mergedBytes: 0, changedMs: 0 };
    growth.rows += rows;
    growth.changedMs = this.room.scheduler.elapsedMs();
    this.growth.set(document, growth);
    if (growth.rows > MAX_ROWS + growth.mergedBytes / BYTES_PER_ROW) this.enqueue(document);
    else if (isLongAtRest(growth)) this.timer.value ??= this.room.scheduler.schedule(() => this.findResting(), REST_MS);
  }

  /** Merges a document's log now. Resolves when it is done, or cannot be. */
  async compact(document: string): Promise<void> {
    this.enqueue(document);
    await this.whenIdle();
  }

  /** Resolves when nothing waits to be merged. */
  async whenIdle(): Promise<void> {
    while (this.running) await this.running;
  }

  /** Gives free pages back to the disk, a few in each turn. */
  async shrink(): Promise<void> {
    for (;;) {
      if (this.hasEnded) return;
      const free = this.countFreePages();
      if (free === 0) return;
      await this.forATurn(() => {
        this.room.database.pragma(`incremental_vacuum(${FREED_PAGES})`);
        return this.countFreePages() > 0;
      });
      // The last commit is made right before the file is closed. One of an early version keeps its free pages until it is
      // written anew.
      if (this.hasEnded || this.countFreePages() >= free) return;
      await nextTurn();
    }
  }

  dispose(): void {
    this.isDisposed = true;
    this.queue.clear();
    this.timer.dispose();
    this.thread.dispose();
  }

  private get hasEnded(): boolean {
    return this.isDisposed || !this.room.database.open;
  }

  private countFreePages(): number {
    return Number(this.room.database.pragma('freelist_count', { simple: true }));
  }

  private findResting(): void {
    this.timer.value = undefined;
    const nowMs = this.room.scheduler.elapsedMs();
    let nextMs = Infinity;
    for (const [document, growth] of this.growth) {
      if (!isLongAtRest(growth)) continue;
      const dueMs = growth.changedMs + REST_MS;
      if (dueMs <= nowMs) this.enqueue(document);
      else nextMs = Math.min(nextMs, dueMs - nowMs);
    }
    if (nextMs < Infinity) this.timer.value = this.room.scheduler.schedule(() => this.findResting(), nextMs);
  }

  private enqueue(document: string): void {
    if (this.hasEnded) return;
    const growth = this.growth.get(document);
    if (growth) growth.rows = 0;
    this.queue.add(document);
    this.running ??= this.work();
  }

  /** Never rejects. */
  private async work(): Promise<void> {
    try {
      do {
        // The keystroke that was one too many is not to wait for this.
        await nextTurn();
        for (const document of this.queue) {
          this.queue.delete(document);
          await this.mergeDocument(document);
        }
        await this.shrink();
      } while (this.queue.size > 0);
    } catch (error) {
      this.thread.reset();
      // Such as a full disk: the log stays as it is, and the next edit meets the same failure and reports it.
      if (!this.hasEnded && !(error instanceof OfflineStoreError)) reportUnexpectedError(error);
    } finally {
      this.running = undefined;
    }
  }

  private async mergeDocument(document: string): Promise<void> {
    this.renewed.delete(document);
    const rows = await this.sendRows(document);
    if (this.hasEnded || this.renewed.has(document) || rows.acked.length + rows.unacked.length < 2)
      return this.thread.reset();
    const reply = await this.thread.merge();
    if (reply.kind === 'failed') return this.giveUp(document, reply.reason);
    await this.replace(document, rows.acked, reply.acked);
    await this.replace(document, rows.unacked, reply.unacked);
    const growth = this.growth.get(document);
    if (growth) growth.mergedBytes = reply.acked[0]?.payload?.byteLength ?? growth.mergedBytes;
  }

  /** The log stays as it is, which is sound but long. Said once, for whoever reads the output of the process. */
  private giveUp(document: string, reason: string): void {
    if (this.hasEnded || this.unmergeable.has(document)) return;
    this.unmergeable.add(document);
    reportUnexpectedError(
      new Error(`The stored edits of ${document} in ${this.room.path} cannot be merged: ${reason}`),
    );
  }

  private async sendRows(document: string): Promise<ReadRows> {
    const read: ReadRows = { acked: [], unacked: [] };
    let afterId = 0;
    for (;;) {
      if (this.hasEnded) return read;
      const page = this.statements.readPage.all(document, afterId, READ_ROWS);
      if (page.length === 0) return read;
      for (const isUnacked of [false, true]) {
        const rows = page.filter((row) => (row['is_unacked'] !== 0) === isUnacked);
        if (rows.length === 0) continue;
        for (const { id } of rows) (isUnacked ? read.unacked : read.acked).push(Number(id));
        this.thread.add({ kind: 'add', isUnacked, rows: packRows(rows.map(({ payload }) => fromBlob(payload))) });
      }
      afterId = Number(page.at(-1)?.['id']);
      await nextTurn();
    }
  }

  private async replace(document: string, ids: readonly number[], runs: readonly MergedRun[]): Promise<void> {
    let start = 0;
    for (const { count, payload } of runs) {
      const run = ids.slice(start, (start += count));
      const last = run.pop();
      if (!payload || last === undefined) continue;
      if (this.hasEnded) return;
      const isReplaced = await this.room.writes.enqueue(() => {
        // Rows that were read later may be of the new beginning, and stand for nothing of the old one.
        if (this.renewed.has(document)) return false;
        return this.statements.replace.run(toBlob(payload), document, last).changes > 0;
      });
      if (!isReplaced) return;
      await this.remove(document, run);
    }
  }

  private async remove(document: string, ids: readonly number[]): Promise<void> {
    let done = 0;
    while (done < ids.length && !this.hasEnded) {
      await this.forATurn(() => {
        const some = ids.slice(done, (done += REMOVED_ROWS));
        for (const id of some) this.statements.remove.run(document, id);
        return done < ids.length;
      });
      await nextTurn();
    }
  }

  /** Repeats a short step in one transaction, until it says that it was the last or others should have their turn. */
  private forATurn(step: () => boolean): Promise<void> {
    return this.room.writes.enqueue(() => {
      const endMs = performance.now() + TURN_MS;
      while (step() && performance.now() < endMs);
    });
  }
}

function isLongAtRest({ rows, mergedBytes }: Growth): boolean {
  return rows > MAX_ROWS_AT_REST + mergedBytes / BYTES_PER_ROW;
}

function prepareStatements(database: Database.Database) {
  return {
    readPage: database.prepare<[string, number, number], Row>(
      'SELECT id, payload, is_unacked FROM updates WHERE document = ? AND id > ? ORDER BY id LIMIT ?',
    ),
    replace: database.prepare<[Buffer, string, number]>('UPDATE updates SET payload = ? WHERE document = ? AND id = ?'),
    remove: database.prepare<[string, number]>('DELETE FROM updates WHERE document = ? AND id = ?'),
  };
}
