import { IndexeddbPersistence } from 'y-indexeddb';
import * as Y from 'yjs';
import {
  type DocumentStore,
  type OfflineStore,
  OfflineStoreError,
  type StoredDocument,
  type SyncCursor,
  type UnsentDocument,
} from '../../../shared/sync/index.ts';
import { IndexedDbAwayStore } from './indexeddb-away-store.ts';
import { completed, resultOf, toStoreError, UNAVAILABLE } from './indexeddb-requests.ts';
import { randomId } from './random-id.ts';

const UPDATES = 'updates';
const CUSTOM = 'custom';
const CURSOR_KEY = 'cursor';
const UNACKED_PREFIX = 'unacked/';
const UNACKED_END = 'unacked0';
const COUNTER_DIGITS = 12;

/** Opens the store of one room in this origin's IndexedDB: a database for each document, kept by y-indexeddb. */
export async function openIndexedDbStore(room: string): Promise<IndexedDbStore> {
  return new IndexedDbStore(`tutti/${room}/`, awayDatabaseOf(room));
}

/** Name of the database of what happened in a room while this browser was away. */
export function awayDatabaseOf(room: string): string {
  return `tutti-away/${room}`;
}

/** A room's documents in IndexedDB. */
export class IndexedDbStore implements OfflineStore {
  readonly away: IndexedDbAwayStore;
  private readonly prefix: string;
  private readonly open = new Set<IndexedDbDocument>();

  constructor(prefix: string, awayDatabase: string) {
    this.prefix = prefix;
    this.away = new IndexedDbAwayStore(awayDatabase);
  }

  openDocument(name: string, doc: Y.Doc): DocumentStore {
    const document = new IndexedDbDocument(this.prefix + name, doc, () => this.open.delete(document));
    this.open.add(document);
    return document;
  }

  async replaceDocument(name: string, update: Uint8Array, { epoch, seq }: SyncCursor): Promise<void> {
    const database = await resultOf(indexedDB.open(this.prefix + name));
    try {
      const transaction = database.transaction([UPDATES, CUSTOM], 'readwrite');
      const done = completed(transaction);
      const [updates, custom] = [transaction.objectStore(UPDATES), transaction.objectStore(CUSTOM)];
      updates.clear();
      updates.add(update.slice());
      custom.clear();
      custom.put({ epoch, seq }, CURSOR_KEY);
      await done;
    } catch (error) {
      throw toStoreError(error);
    } finally {
      database.close();
    }
  }

  async listDocuments(): Promise<readonly string[]> {
    const databases = await indexedDB.databases();
    return databases.flatMap(({ name }) => (name?.startsWith(this.prefix) ? [name.slice(this.prefix.length)] : []));
  }

  async listUnacked(): Promise<readonly string[]> {
    const names = await this.listDocuments();
    const counts = await Promise.all(names.map((name) => countUnacked(this.prefix + name)));
    return names.filter((_name, position) => (counts[position] ?? 0) > 0);
  }

  async listCursors(): Promise<ReadonlyMap<string, SyncCursor>> {
    const names = await this.listDocuments();
    const cursors = await Promise.all(names.map((name) => readStoredCursor(this.prefix + name)));
    return new Map(
      names.flatMap((name, position) => {
        const cursor = cursors[position];
        return cursor ? [[name, cursor] as const] : [];
      }),
    );
  }

  /** Everything of the documents that have updates which the relay has not acked. Rejects with OfflineStoreError. */
  async readUnsent(): Promise<readonly UnsentDocument[]> {
    const names = await this.listUnacked();
    return Promise.all(names.map(async (document) => ({ document, ...(await readUpdates(this.prefix + document)) })));
  }

  async close(): Promise<void> {
    await Promise.all([...this.open].map((document) => document.close()));
    await this.away.close();
  }
}

class IndexedDbDocument implements DocumentStore {
  /** What the persistence itself applies to the document. */
  readonly ownOrigin: unknown;
  private readonly persistence: IndexeddbPersistence;
  private readonly onClosed: () => void;
  /** Tabs share a database: each writes its unacked updates under keys of its own. */
  private readonly keyPrefix = `${UNACKED_PREFIX}${Date.now().toString(36).padStart(9, '0')}-${randomId()}/`;
  private readonly keys: string[] = [];
  private readonly doc: Y.Doc;
  private readonly pending = new Set<Promise<unknown>>();
  private closed: Promise<void> | undefined;
  private isDocumentGone = false;
  private hasLostWrites = false;

  constructor(name: string, doc: Y.Doc, onClosed: () => void) {
    this.doc = doc;
    doc.once('destroy', () => {
      this.isDocumentGone = true;
    });
    this.persistence = new IndexeddbPersistence(name, doc);
    this.ownOrigin = this.persistence;
    this.onClosed = onClosed;
  }

  async load(): Promise<StoredDocument> {
    try {
      // Rejects when the browser does not open the database; waiting for the sync would never end then.
      const cursor = readCursor(await this.persistence.get(CURSOR_KEY));
      this.watchForLostWrites(await this.database());
      const rows = await this.readUnacked();
      const unacked = rows.map(({ key, payload }) => ({ localId: this.keys.push(key), payload }));
      return { updates: [], unacked, cursor };
    } catch (error) {
      throw toStoreError(error);
    }
  }

  async appendLocal(payload: Uint8Array): Promise<number> {
    const localId = this.keys.push(this.keyPrefix + String(this.keys.length).padStart(COUNTER_DIGITS, '0'));
    const key = this.keys[localId - 1] ?? '';
    // The persistence has written the update by itself; the row only says that it is not acked.
    const kept = payload.slice();
    await this.track(this.write((store) => store.put(kept, key)).then(() => this.settle()));
    return localId;
  }

  async appendRemote(): Promise<void> {
    await this.track(this.settle());
  }

  async markAcked(localId: number): Promise<void> {
    const acked = this.keys.slice(0, localId);
    await this.track(
      this.write((store) => {
        for (const key of acked) if (key !== '') store.delete(key);
      }),
    );
    this.keys.fill('', 0, localId);
  }

  async saveCursor({ epoch, seq }: SyncCursor): Promise<void> {
    // The persistence keeps what the document has taken in, not what waits in it for missing structs.
    if (this.doc.store.pendingStructs !== null || this.doc.store.pendingDs !== null) return;
    await this.track(this.write((store) => store.put({ epoch, seq }, CURSOR_KEY)));
  }

  close(): Promise<void> {
    this.closed ??= this.finish().finally(this.onClosed);
    return this.closed;
  }

  private async finish(): Promise<void> {
    // With its document gone the persistence has closed the database already, after all that was written before.
    if (!this.isDocumentGone) {
      // Whoever asked hears of failures.
      await Promise.allSettled(this.pending);
      await this.settle();
    }
    await this.persistence.destroy();
  }

  /** Keeps the database open until the call has ended. */
  private track<T>(call: Promise<T>): Promise<T> {
    this.pending.add(call);
    const forget = () => this.pending.delete(call);
    call.then(forget, forget);
    return call;
  }

  /** Resolves when everything that the persistence has written so far is durable. */
  private async settle(): Promise<void> {
    const database = await this.database();
    const transaction = database.transaction([UPDATES], 'readwrite');
    const isRewriting = this.hasLostWrites;
    if (isRewriting) transaction.objectStore(UPDATES).add(Y.encodeStateAsUpdate(this.doc));
    await completed(transaction);
    if (isRewriting) this.hasLostWrites = false;
    else if (this.hasLostWrites) await this.settle();
  }

  // The persistence does not say when a write of its own fails. Then the whole document is written instead.
  private watchForLostWrites(database: IDBDatabase): void {
    database.addEventListener('abort', () => {
      this.hasLostWrites = true;
    });
  }

  private async write(run: (store: IDBObjectStore) => void): Promise<void> {
    const database = await this.database();
    const transaction = database.transaction([CUSTOM], 'readwrite');
    run(transaction.objectStore(CUSTOM));
    await completed(transaction);
  }

  private async readUnacked(): Promise<readonly { readonly key: string; readonly payload: Uint8Array }[]> {
    const database = await this.database();
    const store = database.transaction([CUSTOM], 'readonly').objectStore(CUSTOM);
    const range = IDBKeyRange.bound(UNACKED_PREFIX, UNACKED_END);
    const [keys, values] = await Promise.all([resultOf(store.getAllKeys(range)), resultOf(store.getAll(range))]);
    return keys.flatMap((key, position) => {
      const payload: unknown = values[position];
      return typeof key === 'string' && payload instanceof Uint8Array ? [{ key, payload }] : [];
    });
  }

  private async database(): Promise<IDBDatabase> {
    await this.persistence.whenSynced;
    const { db } = this.persistence;
    if (!db) throw new OfflineStoreError('unavailable', UNAVAILABLE);
    return db;
  }
}

// The persistence merges what it has stored from time to time.
const NOT_APART =
  'This browser keeps your edits merged with those of the others, so that they cannot be told apart any more. Save a copy of the files instead.';

async function countUnacked(databaseName: string): Promise<number> {
  const doc = new Y.Doc();
  const persistence = new IndexeddbPersistence(databaseName, doc);
  await persistence.whenSynced;
  const store = persistence.db?.transaction([CUSTOM], 'readonly').objectStore(CUSTOM);
  const count = store ? await resultOf(store.count(IDBKeyRange.bound(UNACKED_PREFIX, UNACKED_END))) : 0;
  await persistence.destroy();
  doc.destroy();
  return count;
}

async function readStoredCursor(databaseName: string): Promise<SyncCursor | undefined> {
  const database = await resultOf(indexedDB.open(databaseName));
  try {
    if (!database.objectStoreNames.contains(CUSTOM)) return undefined;
    return readCursor(await resultOf<unknown>(database.transaction([CUSTOM]).objectStore(CUSTOM).get(CURSOR_KEY)));
  } finally {
    database.close();
  }
}

async function readUpdates(databaseName: string): Promise<Omit<UnsentDocument, 'document'>> {
  const database = await resultOf(indexedDB.open(databaseName));
  try {
    const transaction = database.transaction([UPDATES, CUSTOM], 'readonly');
    const range = IDBKeyRange.bound(UNACKED_PREFIX, UNACKED_END);
    const [stored, kept] = await Promise.all([
      resultOf(transaction.objectStore(UPDATES).getAll()),
      resultOf(transaction.objectStore(CUSTOM).getAll(range)),
    ]);
    const unacked = kept.filter(isBytes);
    const keys = new Set(unacked.map(String));
    const acked = stored.filter(isBytes).filter((update) => !keys.delete(String(update)));
    if (keys.size > 0) throw new OfflineStoreError('unavailable', NOT_APART);
    return { acked, unacked };
  } finally {
    database.close();
  }
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function readCursor(value: unknown): SyncCursor | undefined {
  if (typeof value !== 'object' || value === null || !('epoch' in value) || !('seq' in value)) return undefined;
  const { epoch, seq } = value;
  return typeof epoch === 'string' && typeof seq === 'number' ? { epoch, seq } : undefined;
}
