import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import type {
  DocumentStore,
  OfflineStore,
  StoredDocument,
  StoredUnacked,
  SyncCursor,
} from '../../../shared/sync/offline-store.ts';
import type { UnsentDocument } from '../../../shared/sync/unsent-texts.ts';
import { fromBlob, toBlob } from './blobs.ts';
import { Compaction } from './compaction.ts';
import { MAX_ROOM_BYTES, RoomBudget } from './room-budget.ts';
import type { RoomDatabase } from './room-database.ts';
import { SqliteAwayStore } from './sqlite-away-store.ts';
import { toOfflineStoreError } from './sqlite-failure.ts';

/** So many rows are read when a document is opened before others have their turn. */
const READ_ROWS = 1_000;
/** The use of a document is noted with such accuracy. */
const USE_STEP_MS = 60 * 60 * 1000;

type Row = Readonly<Record<string, unknown>>;

/** Keeps a room's documents in an append-only log in SQLite. */
export class SqliteOfflineStore implements OfflineStore {
  readonly away: SqliteAwayStore;
  private readonly room: RoomDatabase;
  private readonly statements: ReturnType<typeof prepareStatements>;
  private readonly open = new Map<string, number>();
  /** Keeps the logs short. Ends with the store. */
  readonly compaction: Compaction;
  /** Keeps the file within bounds. Ends with the store. */
  readonly budget: RoomBudget;

  /** The database stays the caller's. */
  constructor(room: RoomDatabase, maxBytes = MAX_ROOM_BYTES) {
    this.room = room;
    this.statements = prepareStatements(room.database);
    this.away = new SqliteAwayStore(room);
    this.compaction = new Compaction(room);
    this.budget = new RoomBudget(room, {
      maxBytes,
      isOpen: (document) => this.isOpen(document),
      shrink: () => this.compaction.shrink(),
    });
  }

  openDocument(name: string): DocumentStore {
    const { room, statements, compaction } = this;
    const append = (payload: Uint8Array, isUnacked: boolean): Promise<number> => {
      const copy = payload.slice();
      return room.writes.enqueue(() => {
        const { lastInsertRowid } = statements.append.run(name, toBlob(copy), isUnacked ? 1 : 0);
        compaction.grown(name, 1);
        return Number(lastInsertRowid);
      });
    };
    this.open.set(name, (this.open.get(name) ?? 0) + 1);
    return {
      load: () => this.load(name),
      appendLocal: (payload) => append(payload, true),
      appendRemote: async (payload) => {
        await append(payload, false);
      },
      markAcked: (localId) => room.writes.enqueue(() => void statements.markAcked.run(name, localId)),
      saveCursor: ({ epoch, seq }) => room.writes.enqueue(() => void statements.saveCursor.run(name, epoch, seq)),
      close: async () => {
        await room.writes.enqueue(() => {});
        this.closed(name);
      },
    };
  }

  replaceDocument(name: string, update: Uint8Array, { epoch, seq }: SyncCursor): Promise<void> {
    const { room, statements, compaction } = this;
    return room.writes.enqueue(() => {
      // The new row first, so that its id is above those of rows that are being merged.
      const { lastInsertRowid } = statements.append.run(name, toBlob(update), 0);
      statements.removeBelow.run(name, Number(lastInsertRowid));
      statements.saveCursor.run(name, epoch, seq);
      compaction.replaced(name, update.byteLength);
    });
  }

  /** Whether somebody works on the document. */
  isOpen(name: string): boolean {
    return this.open.has(name);
  }

  async listDocuments(): Promise<readonly string[]> {
    return this.read(() => this.statements.listDocuments.all().map(({ document }) => String(document)));
  }

  async listUnacked(): Promise<readonly string[]> {
    return this.read(() => this.statements.listUnacked.all().map(({ document }) => String(document)));
  }

  async listCursors(): Promise<ReadonlyMap<string, SyncCursor>> {
    const rows = this.read(() => this.statements.listCursors.all());
    return new Map(
      rows.map(({ document, epoch, seq }) => [String(document), { epoch: String(epoch), seq: Number(seq) }]),
    );
  }

  /** How many documents have updates that the relay has not acked. */
  countUnsent(): number {
    return this.read(() => this.statements.listUnacked.all().length);
  }

  /** Everything of the documents that have updates which the relay has not acked. */
  async readUnsent(): Promise<readonly UnsentDocument[]> {
    const documents = await this.listUnacked();
    return documents.map((document) => this.read(() => this.sortRows(document)));
  }

  async close(): Promise<void> {
    this.compaction.dispose();
    this.budget.dispose();
    this.room.writes.flush();
  }

  private closed(name: string): void {
    const left = (this.open.get(name) ?? 0) - 1;
    if (left > 0) this.open.set(name, left);
    else this.open.delete(name);
  }

  private sortRows(document: string): UnsentDocument {
    const acked: Uint8Array[] = [];
    const unacked: Uint8Array[] = [];
    for (const { payload, is_unacked: isUnacked } of this.statements.load.all(document)) {
      (isUnacked === 0 ? acked : unacked).push(fromBlob(payload));
    }
    return { document, acked, unacked };
  }

  private async load(name: string): Promise<StoredDocument> {
    const updates: Uint8Array[] = [];
    const unacked: StoredUnacked[] = [];
    let largestBytes = 0;
    // Many documents may be opened at a time.
    await this.room.writes.whenSettled();
    const cursor = this.readCommitted(() => this.readCursor(name));
    // A log that is merged meanwhile is read all the same: what goes is in a later row before it goes.
    for (let afterId = 0; ; await nextTurn()) {
      const rows = this.readCommitted(() => this.statements.loadPage.all(name, afterId, READ_ROWS));
      for (const { id, payload: blob, is_unacked: isUnacked } of rows) {
        const payload = fromBlob(blob);
        updates.push(payload);
        if (isUnacked !== 0) unacked.push({ localId: Number(id), payload });
        else largestBytes = Math.max(largestBytes, payload.byteLength);
        afterId = Number(id);
      }
      if (rows.length < READ_ROWS) break;
    }
    this.compaction.found(name, updates.length, largestBytes);
    void this.noteUse(name);
    return { updates, unacked, cursor };
  }

  private async noteUse(name: string): Promise<void> {
    const nowMs = this.room.scheduler.now();
    const used = this.room.writes.enqueue(() => void this.statements.noteUse.run(name, nowMs, nowMs - USE_STEP_MS));
    // Only the order in which documents are dropped from a full store depends on it.
    await used.catch(() => {});
  }

  private readCursor(name: string): SyncCursor | undefined {
    const row = this.statements.readCursor.get(name);
    return row ? { epoch: String(row['epoch']), seq: Number(row['seq']) } : undefined;
  }

  private read<T>(task: () => T): T {
    this.room.writes.flush();
    return this.readCommitted(task);
  }

  private readCommitted<T>(task: () => T): T {
    try {
      return task();
    } catch (error) {
      throw toOfflineStoreError(error, this.room.path);
    }
  }
}

function prepareStatements(database: Database.Database) {
  return {
    append: database.prepare<[string, Buffer, number]>(
      'INSERT INTO updates (document, payload, is_unacked) VALUES (?, ?, ?)',
    ),
    removeBelow: database.prepare<[string, number]>('DELETE FROM updates WHERE document = ? AND id < ?'),
    markAcked: database.prepare<[string, number]>(
      'UPDATE updates SET is_unacked = 0 WHERE document = ? AND is_unacked = 1 AND id <= ?',
    ),
    saveCursor: database.prepare<[string, string, number]>(
      `INSERT INTO cursors (document, epoch, seq) VALUES (?, ?, ?)
       ON CONFLICT (document) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq`,
    ),
    load: database.prepare<[string], Row>('SELECT id, payload, is_unacked FROM updates WHERE document = ? ORDER BY id'),
    loadPage: database.prepare<[string, number, number], Row>(
      'SELECT id, payload, is_unacked FROM updates WHERE document = ? AND id > ? ORDER BY id LIMIT ?',
    ),
    noteUse: database.prepare<[string, number, number]>(
      `INSERT INTO document_use (document, opened_ms) VALUES (?, ?)
       ON CONFLICT (document) DO UPDATE SET opened_ms = excluded.opened_ms WHERE opened_ms < ?`,
    ),
    readCursor: database.prepare<[string], Row>('SELECT epoch, seq FROM cursors WHERE document = ?'),
    listCursors: database.prepare<[], Row>('SELECT document, epoch, seq FROM cursors'),
    listDocuments: database.prepare<[], Row>('SELECT DISTINCT document FROM updates'),
    listUnacked: database.prepare<[], Row>('SELECT DISTINCT document FROM updates WHERE is_unacked = 1'),
  };
}
