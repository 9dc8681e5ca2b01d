import type { AwayStore } from '../sync/away/away-store.ts';
import { type AwayRows, createMemoryAwayStore } from './memory-away-store.ts';
import type { DocumentStore, OfflineStore, StoredDocument, StoredUnacked, SyncCursor } from '../sync/offline-store.ts';

interface MemoryDocument {
  readonly rows: { readonly id: number; readonly payload: Uint8Array }[];
  readonly unacked: Map<number, Uint8Array>;
  cursor: SyncCursor | undefined;
}

/** What outlives an engine: several stores may be opened on it one after the other. */
export class MemoryDisk {
  readonly away: AwayRows = new Map();
  readonly documents = new Map<string, MemoryDocument>();
  nextId = 1;

  documentOf(name: string): MemoryDocument {
    const document = this.documents.get(name) ?? { rows: [], unacked: new Map(), cursor: undefined };
    this.documents.set(name, document);
    return document;
  }
}

/** Offline store in memory, for tests. */
export class MemoryOfflineStore implements OfflineStore {
  readonly away: AwayStore;
  readonly disk: MemoryDisk;
  /** While set, every write fails with it. */
  writeError: Error | undefined;
  /** While set, every document fails to load with it. */
  loadError: Error | undefined;
  private readonly pace: () => Promise<void>;
  private isCrashed = false;
  private lastWrite: Promise<unknown> = Promise.resolve();

  /** `pace` says when the next write may happen; writes keep their order. */
  constructor(disk = new MemoryDisk(), pace = () => Promise.resolve()) {
    this.disk = disk;
    this.pace = pace;
    this.away = createMemoryAwayStore(disk.away, (task) => this.enqueue(task));
  }

  /** The process dies: what was not written yet never reaches the disk. */
  crash(): void {
    this.isCrashed = true;
  }

  openDocument(name: string): DocumentStore {
    const { disk } = this;
    const document = disk.documentOf(name);
    const write = <T>(task: () => T): Promise<T> => this.enqueue(task);
    const append = (payload: Uint8Array) => {
      const id = disk.nextId++;
      document.rows.push({ id, payload: payload.slice() });
      return id;
    };
    return {
      load: async (): Promise<StoredDocument> => {
        if (this.loadError) throw this.loadError;
        await this.lastWrite;
        const unacked: StoredUnacked[] = [...document.unacked].map(([localId, payload]) => ({ localId, payload }));
        return { updates: document.rows.map(({ payload }) => payload), unacked, cursor: document.cursor };
      },
      appendLocal: (payload) =>
        write(() => {
          const id = append(payload);
          document.unacked.set(id, payload.slice());
          return id;
        }),
      appendRemote: (payload) => write(() => void append(payload)),
      markAcked: (localId) =>
        write(() => {
          for (const id of document.unacked.keys()) if (id <= localId) document.unacked.delete(id);
        }),
      saveCursor: (cursor) => write(() => void (document.cursor = cursor)),
      close: () => write(() => {}),
    };
  }

  replaceDocument(name: string, update: Uint8Array, cursor: SyncCursor): Promise<void> {
    const { disk } = this;
    return this.enqueue(() => {
      const rows = [{ id: disk.nextId++, payload: update.slice() }];
      disk.documents.set(name, { rows, unacked: new Map(), cursor });
    });
  }

  async listDocuments(): Promise<readonly string[]> {
    return [...this.disk.documents].filter(([, { rows }]) => rows.length > 0).map(([name]) => name);
  }

  async listUnacked(): Promise<readonly string[]> {
    return [...this.disk.documents].filter(([, { unacked }]) => unacked.size > 0).map(([name]) => name);
  }

  async listCursors(): Promise<ReadonlyMap<string, SyncCursor>> {
    return new Map([...this.disk.documents].flatMap(([name, { cursor }]) => (cursor ? [[name, cursor] as const] : [])));
  }

  async close(): Promise<void> {}

  private enqueue<T>(task: () => T): Promise<T> {
    const written = this.lastWrite.then(async () => {
      if (!this.isCrashed) await this.pace();
      if (this.isCrashed) throw new Error('the process has ended');
      if (this.writeError) throw this.writeError;
      return task();
    });
    this.lastWrite = written.catch(() => undefined);
    return written;
  }
}
