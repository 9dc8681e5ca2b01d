import type Database from 'better-sqlite3';
import * as Y from 'yjs';
import type {
  DocumentStore,
  OfflineStore,
  StoredDocument,
  StoredUnacked,
  SyncCursor,
} from '../../../shared/sync/offline-store.ts';
import type { UnsentDocument } from '../../../shared/sync/unsent-texts.ts';
import { fromBlob, toBlob } from './blobs.ts';
import type { RoomDatabase } from './room-database.ts';
import { toOfflineStoreError } from './sqlite-failure.ts';

/** A document's log of more rows is merged when it is loaded. */
const COMPACT_AT_LOAD_ROWS = 200;
/** A document's log is merged when it has grown by so many rows. */
const COMPACT_AFTER_APPENDS = 2000;

type Row = Readonly<Record<string, unknown>>;

/** Keeps a room's documents in an append-only log in SQLite. */
export class SqliteOfflineStore implements OfflineStore {
  private readonly room: RoomDatabase;
  private readonly statements: ReturnType<typeof prepareStatements>;

  /** The database stays the caller's. */
  constructor(room: RoomDatabase) {
    this.room = room;
    this.statements = prepareStatements(room.database);
  }

  openDocument(name: string): DocumentStore {
    const { room, statements } = this;
    let appended = 0;
    const append = (payload: Uint8Array, isUnacked: boolean): Promise<number> => {
      const copy = payload.slice();
      return room.writes.enqueue(() => {
        const { lastInsertRowid } = statements.append.run(name, toBlob(copy), isUnacked ? 1 : 0);
        if (++appended % COMPACT_AFTER_APPENDS === 0) this.compact(name);
        return Number(lastInsertRowid);
      });
    };
    return {
      load: async () => this.load(name),
      appendLocal: (payload) => append(payload, true),
      appendRemote: async (payload) => {
        await append(payload, false);
      },
      markAcked: (localId) => room.writes.enqueue(() => void statements.markAcked.run(name, localId)),
      saveCursor: ({ epoch, seq }) => room.writes.enqueue(() => void statements.saveCursor.run(name, epoch, seq)),
      close: () => room.writes.enqueue(() => {}),
    };
  }

  async listDocuments(): Promise<readonly string[]> {
    return this.read(() => this.statements.listDocuments.all().map(({ document }) => String(document)));
  }

  async listUnacked(): Promise<readonly string[]> {
    return this.read(() => this.statements.listUnacked.all().map(({ document }) => String(document)));
  }

  /** Everything of the documents that have updates which the relay has not acked. */
  async readUnsent(): Promise<readonly UnsentDocument[]> {
    const documents = await this.listUnacked();
    return documents.map((document) => this.read(() => this.sortRows(document)));
  }

  async close(): Promise<void> {
    this.room.writes.flush();
  }

  private sortRows(document: string): UnsentDocument {
    const acked: Uint8Array[] = [];
    const unacked: Uint8Array[] = [];
    for (const { payload, is_unacked: isUnacked } of this.statements.load.all(document)) {
      (isUnacked === 0 ? acked : unacked).push(fromBlob(payload));
    }
    return { document, acked, unacked };
  }

  private load(name: string): StoredDocument {
    return this.read(() => {
      if (Number(this.statements.countAcked.get(name)?.['rows']) > COMPACT_AT_LOAD_ROWS) {
        this.room.database.transaction(() => this.compact(name))();
      }
      const updates: Uint8Array[] = [];
      const unacked: StoredUnacked[] = [];
      for (const { id, payload: blob, is_unacked: isUnacked } of this.statements.load.all(name)) {
        const payload = fromBlob(blob);
        updates.push(payload);
        if (isUnacked !== 0) unacked.push({ localId: Number(id), payload });
      }
      return { updates, unacked, cursor: this.readCursor(name) };
    });
  }

  private readCursor(name: string): SyncCursor | undefined {
    const row = this.statements.readCursor.get(name);
    return row ? { epoch: String(row['epoch']), seq: Number(row['seq']) } : undefined;
  }

  // Runs inside a transaction. Unacked rows stay as they are; the merged row takes the place of the last acked one.
  private compact(name: string): void {
    const rows = this.statements.loadAcked.all(name);
    const lastId = Number(rows.at(-1)?.['id']);
    const merged = mergeThroughDocument(rows.map(({ payload }) => fromBlob(payload)));
    if (!merged) return;
    this.statements.deleteAcked.run(name, lastId);
    this.statements.insertMerged.run(lastId, name, toBlob(merged));
  }

  private read<T>(task: () => T): T {
    this.room.writes.flush();
    try {
      return task();
    } catch (error) {
      throw toOfflineStoreError(error, this.room.path);
    }
  }
}

/** Undefined when an update cannot be read: then the log is better left as it is. */
function mergeThroughDocument(updates: readonly Uint8Array[]): Uint8Array | undefined {
  if (updates.length < 2) return undefined;
  const doc = new Y.Doc();
  try {
    doc.transact(() => {
      for (const update of updates) Y.applyUpdate(doc, update);
    });
    return Y.encodeStateAsUpdate(doc);
  } catch {
    return undefined;
  } finally {
    doc.destroy();
  }
}

function prepareStatements(database: Database.Database) {
  return {
    append: database.prepare<[string, Buffer, number]>(
      'INSERT INTO updates (document, payload, is_unacked) VALUES (?, ?, ?)',
    ),
    insertMerged: database.prepare<[number, string, Buffer]>(
      'INSERT INTO updates (id, document, payload, is_unacked) VALUES (?, ?, ?, 0)',
    ),
    markAcked: database.prepare<[string, number]>(
      'UPDATE updates SET is_unacked = 0 WHERE document = ? AND is_unacked = 1 AND id <= ?',
    ),
    saveCursor: database.prepare<[string, string, number]>(
      `INSERT INTO cursors (document, epoch, seq) VALUES (?, ?, ?)
       ON CONFLICT (document) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq`,
    ),
    deleteAcked: database.prepare<[string, number]>(
      'DELETE FROM updates WHERE document = ? AND is_unacked = 0 AND id <= ?',
    ),
    countAcked: database.prepare<[string], Row>(
      'SELECT count(*) AS rows FROM updates WHERE document = ? AND is_unacked = 0',
    ),
    loadAcked: database.prepare<[string], Row>(
      'SELECT id, payload FROM updates WHERE document = ? AND is_unacked = 0 ORDER BY id',
    ),
    load: database.prepare<[string], Row>('SELECT id, payload, is_unacked FROM updates WHERE document = ? ORDER BY id'),
    readCursor: database.prepare<[string], Row>('SELECT epoch, seq FROM cursors WHERE document = ?'),
    listDocuments: database.prepare<[], Row>('SELECT DISTINCT document FROM updates'),
    listUnacked: database.prepare<[], Row>('SELECT DISTINCT document FROM updates WHERE is_unacked = 1'),
  };
}
