import type { DocumentStore, OfflineStore } from '../../../shared/sync/index.ts';
import type { RoomStorage } from '../session/room-storage.ts';

interface Rows {
  readonly localIds: number[];
  ackedThrough: number;
}

/** Listens to what an engine has stored, to tell which of its edits the relay acked. */
export class AckedRows {
  readonly storage: RoomStorage;
  private readonly rows = new Map<string, Rows>();

  constructor(storage: RoomStorage) {
    this.storage = { ...storage, store: this.listenTo(storage.store) };
  }

  /** How many of a document's edits, in the order in which they were made, are acked. */
  countAcked(document: string): number {
    const { localIds, ackedThrough } = this.rowsOf(document);
    return localIds.filter((localId) => localId <= ackedThrough).length;
  }

  private rowsOf(document: string): Rows {
    const rows = this.rows.get(document) ?? { localIds: [], ackedThrough: 0 };
    this.rows.set(document, rows);
    return rows;
  }

  private listenTo(store: OfflineStore): OfflineStore {
    return {
      openDocument: (name, doc) => this.listenToDocument(store.openDocument(name, doc), this.rowsOf(name)),
      away: store.away,
      replaceDocument: (name, update, cursor) => store.replaceDocument(name, update, cursor),
      listCursors: () => store.listCursors(),
      listDocuments: () => store.listDocuments(),
      listUnacked: () => store.listUnacked(),
      close: () => store.close(),
    };
  }

  private listenToDocument(document: DocumentStore, rows: Rows): DocumentStore {
    return {
      ownOrigin: document.ownOrigin,
      load: () => document.load(),
      async appendLocal(payload) {
        const localId = await document.appendLocal(payload);
        rows.localIds.push(localId);
        return localId;
      },
      appendRemote: (payload) => document.appendRemote(payload),
      async markAcked(localId) {
        rows.ackedThrough = Math.max(rows.ackedThrough, localId);
        await document.markAcked(localId);
      },
      saveCursor: (cursor) => document.saveCursor(cursor),
      close: () => document.close(),
    };
  }
}
