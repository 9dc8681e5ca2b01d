import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { type Disposable, Emitter, MutableDisposable, reportUnexpectedError } from '../../../shared/lifecycle/index.ts';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';
import { INDEX_DOCUMENT } from '../../../shared/workspace/index.ts';
import type { RoomDatabase } from './room-database.ts';

/** What one room may take on this device. */
export const MAX_ROOM_BYTES = 256 * 1024 * 1024;

const FIRST_CHECK_MS = 10_000;
const CHECK_EVERY_MS = 10 * 60_000;
/** So many rows are removed before others have their turn. */
const REMOVED_ROWS = 200;

export interface RoomBudgetOptions {
  readonly maxBytes: number;
  /** Whether somebody works on the document. */
  readonly isOpen: (document: string) => boolean;
  /** Gives what became free back to the disk. */
  readonly shrink: () => Promise<void>;
}

/**
 * Keeps a room's file within bounds: documents that the relay has, that nobody works on and that no folder mirrors are
 * dropped, the one that was not used for the longest time first. They come back from the relay when they are opened.
 */
export class RoomBudget implements Disposable {
  private readonly room: RoomDatabase;
  private readonly options: RoomBudgetOptions;
  private readonly statements: ReturnType<typeof prepareStatements>;
  private readonly timer = new MutableDisposable<Disposable>();
  private readonly overflowed = new Emitter<number>();
  private hasOverflowed = false;
  private isDisposed = false;

  /** Fires once, with the size in bytes, when the file stays too large. */
  readonly onDidOverflow = this.overflowed.event;

  /** The database stays the caller's. */
  constructor(room: RoomDatabase, options: RoomBudgetOptions) {
    this.room = room;
    this.options = options;
    this.statements = prepareStatements(room.database);
    this.checkIn(FIRST_CHECK_MS);
  }

  /** Bytes in use; what is free within the file is not counted. */
  get usedBytes(): number {
    const read = (name: string) => Number(this.room.database.pragma(name, { simple: true }));
    return (read('page_count') - read('freelist_count')) * read('page_size');
  }

  /** Drops what may be dropped, as far as it must. Rejects with OfflineStoreError. */
  async check(): Promise<void> {
    const { maxBytes, shrink } = this.options;
    if (this.hasEnded || this.usedBytes <= maxBytes) return;
    for (const document of this.findUnused()) {
      await this.drop(document);
      if (this.hasEnded) return;
      if (this.usedBytes <= maxBytes) break;
    }
    await shrink();
    if (this.hasEnded || this.hasOverflowed || this.usedBytes <= maxBytes) return;
    this.hasOverflowed = true;
    this.overflowed.fire(this.usedBytes);
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
    this.overflowed.dispose();
  }

  private get hasEnded(): boolean {
    return this.isDisposed || !this.room.database.open;
  }

  private checkIn(delayMs: number): void {
    this.timer.value = this.room.scheduler.schedule(() => {
      this.check()
        .catch((error: unknown) => {
          // Such as a full disk: the next edit meets the same failure and reports it.
          if (!this.hasEnded && !(error instanceof OfflineStoreError)) reportUnexpectedError(error);
        })
        .finally(() => {
          if (!this.hasEnded) this.checkIn(CHECK_EVERY_MS);
        });
    }, delayMs);
  }

  private findUnused(): string[] {
    const rows = this.statements.findUnused.all(INDEX_DOCUMENT);
    return rows.map(({ document }) => String(document)).filter((document) => !this.options.isOpen(document));
  }

  private async drop(document: string): Promise<void> {
    for (let left = true; left && !this.hasEnded; await nextTurn()) {
      left = await this.room.writes.enqueue(() => {
        if (this.options.isOpen(document) || this.statements.findUnacked.get(document)) return false;
        // Without its cursor, all of it comes again from the relay, whatever is left of it here.
        this.statements.dropCursor.run(document);
        return this.statements.dropRows.run(document, REMOVED_ROWS).changes === REMOVED_ROWS;
      });
    }
  }
}

function prepareStatements(database: Database.Database) {
  return {
    findUnused: database.prepare<[string], Readonly<Record<string, unknown>>>(
      `SELECT document FROM (SELECT DISTINCT document FROM updates) LEFT JOIN document_use USING (document)
       WHERE document <> ?
         AND NOT EXISTS (SELECT 1 FROM mirror_base WHERE file_id = document)
       ORDER BY coalesce(opened_ms, 0)`,
    ),
    findUnacked: database.prepare<[string]>('SELECT 1 FROM updates WHERE document = ? AND is_unacked = 1 LIMIT 1'),
    dropCursor: database.prepare<[string]>('DELETE FROM cursors WHERE document = ?'),
    dropRows: database.prepare<[string, number]>(
      'DELETE FROM updates WHERE id IN (SELECT id FROM updates WHERE document = ? ORDER BY id LIMIT ?)',
    ),
  };
}
