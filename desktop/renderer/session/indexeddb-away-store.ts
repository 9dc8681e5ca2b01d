import type { AwayKind, AwayRow, AwayStore } from '../../../shared/sync/away/away-store.ts';
import { completed, resultOf, toStoreError } from './indexeddb-requests.ts';

const ROWS = 'rows';
/** Comes after every name that a key goes on with. */
const AFTER_NAMES = '\uffff';

/** What happened in one room while this browser was away, in a database of its own. */
export class IndexedDbAwayStore implements AwayStore {
  private readonly databaseName: string;
  private opened: Promise<IDBDatabase> | undefined;

  constructor(databaseName: string) {
    this.databaseName = databaseName;
  }

  async list(kind: AwayKind): Promise<readonly Omit<AwayRow, 'body'>[]> {
    const rows: Omit<AwayRow, 'body'>[] = [];
    const transaction = (await this.database()).transaction([ROWS], 'readonly');
    const request = transaction.objectStore(ROWS).openCursor(IDBKeyRange.bound(`${kind}/`, `${kind}/${AFTER_NAMES}`));
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      const row = readRow(cursor.value);
      if (row) rows.push({ name: row.name, summary: row.summary });
      cursor.continue();
    };
    await completed(transaction);
    return rows;
  }

  async read(kind: AwayKind, name: string): Promise<AwayRow | undefined> {
    const transaction = (await this.database()).transaction([ROWS], 'readonly');
    return readRow(await resultOf<unknown>(transaction.objectStore(ROWS).get(`${kind}/${name}`)));
  }

  async write(kind: AwayKind, { name, summary, body }: AwayRow): Promise<void> {
    const transaction = (await this.database()).transaction([ROWS], 'readwrite');
    transaction.objectStore(ROWS).put({ name, summary, body }, `${kind}/${name}`);
    await completed(transaction);
  }

  async remove(kind: AwayKind, name: string): Promise<void> {
    const transaction = (await this.database()).transaction([ROWS], 'readwrite');
    transaction.objectStore(ROWS).delete(`${kind}/${name}`);
    await completed(transaction);
  }

  async close(): Promise<void> {
    const opened = this.opened;
    this.opened = undefined;
    if (!opened) return;
    // Whoever needed it has heard of the failure.
    await opened.then((database) => database.close()).catch(() => undefined);
  }

  private database(): Promise<IDBDatabase> {
    this.opened ??= this.openDatabase();
    return this.opened;
  }

  private async openDatabase(): Promise<IDBDatabase> {
    try {
      const request = indexedDB.open(this.databaseName, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(ROWS);
      const database = await resultOf(request);
      // Another tab deletes the room's data.
      database.onversionchange = () => database.close();
      return database;
    } catch (error) {
      this.opened = undefined;
      throw toStoreError(error);
    }
  }
}

function readRow(value: unknown): AwayRow | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('name' in value) || !('summary' in value) || !('body' in value)) return undefined;
  const { name, summary, body } = value;
  if (typeof name !== 'string' || typeof summary !== 'string' || typeof body !== 'string') return undefined;
  return { name, summary, body };
}
