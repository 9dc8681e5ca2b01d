import type { DocumentStore, OfflineStore, StoredDocument, StoredUnacked, SyncCursor } from '../sync/offline-store.ts';

interface MemoryDocument {
  readonly rows: { readonly id: number; readonly payload: Uint8Array }[];
  readonly unacked: Map<number, Uint8Array>;
  cursor: SyncCursor | undefined;
}

/** What outlives an engine: several stores may be opened on it one after the other. */
export class MemoryDisk {
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
  readonly disk: MemoryDisk;
  /** While set, every write fails with it. */
  writeError: Error | undefined;
  /** While set, every document fails to load with it. */
  loadError: Error | undefined;
  private isDetached = false;

  constructor(disk = new MemoryDisk()) {
    this.disk = disk;
  }

  /** The process dies: nothing reaches the disk any more, and nothing is answered. */
  crash(): void {
    this.isDetached = true;
  }

  openDocument(name: string): DocumentStore {
    const { disk } = this;
    const document = disk.documentOf(name);
    const write = async <T>(task: () => T): Promise<T> => {
      await this.admit();
      return task();
    };
    const append = (payload: Uint8Array) => {
      const id = disk.nextId++;
      document.rows.push({ id, payload: payload.slice() });
      return id;
    };
    return {
      load: async (): Promise<StoredDocument> => {
        if (this.loadError) throw this.loadError;
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
      close: async () => {},
    };
  }

  async listDocuments(): Promise<readonly string[]> {
    return [...this.disk.documents].filter(([, { rows }]) => rows.length > 0).map(([name]) => name);
  }

  async listUnacked(): Promise<readonly string[]> {
    return [...this.disk.documents].filter(([, { unacked }]) => unacked.size > 0).map(([name]) => name);
  }

  async close(): Promise<void> {}

  private async admit(): Promise<void> {
    if (this.isDetached) await new Promise<never>(() => {});
    if (this.writeError) throw this.writeError;
  }
}
