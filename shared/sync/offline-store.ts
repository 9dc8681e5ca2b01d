import type * as Y from 'yjs';
import type { AwayStore } from './away/away-store.ts';

/** How far a replica has everything that the relay committed. */
export interface SyncCursor {
  readonly epoch: string;
  readonly seq: number;
}

export interface StoredUnacked {
  /** Id of the row within this store and document; rises with every local update. */
  readonly localId: number;
  readonly payload: Uint8Array;
}

/** What was found of a document when it was opened. */
export interface StoredDocument {
  /** Everything stored, in an order in which it can be applied; includes what is in `unacked`. */
  readonly updates: readonly Uint8Array[];
  /** Local updates that the relay has not acked, oldest first. */
  readonly unacked: readonly StoredUnacked[];
  readonly cursor: SyncCursor | undefined;
}

/** The stored side of one document. Calls take effect in the order in which they are made. */
export interface DocumentStore {
  /**
   * Transaction origin of what the store itself applies to the document, when it does so.
   * The engine takes such changes for stored ones, not for edits.
   */
  readonly ownOrigin?: unknown;
  /** Called once, before anything else. Throws {@link OfflineStoreError} when the document cannot be read. */
  load(): Promise<StoredDocument>;
  /** Resolves with the row's id when the update is durable on this device. */
  appendLocal(payload: Uint8Array): Promise<number>;
  appendRemote(payload: Uint8Array): Promise<void>;
  /** Forgets that local updates through `localId` are unacked. */
  markAcked(localId: number): Promise<void>;
  /** Everything the cursor covers must have been appended before. */
  saveCursor(cursor: SyncCursor): Promise<void>;
  /** Resolves when everything asked for before is durable. */
  close(): Promise<void>;
}

/** Keeps one room's documents on this device. SQLite on the desktop, IndexedDB in a browser. */
export interface OfflineStore {
  /** What happened while this device was away. */
  readonly away: AwayStore;
  /**
   * `doc` is the replica that the store serves; a store that follows it by its own may do so.
   * A document is open at most once at a time.
   */
  openDocument(name: string, doc: Y.Doc): DocumentStore;
  listDocuments(): Promise<readonly string[]>;
  /** Documents with local updates that the relay has not acked. */
  listUnacked(): Promise<readonly string[]>;
  /** Puts `update` and `cursor` in the place of all that is stored of a document, which must not be open. All or nothing. */
  replaceDocument(name: string, update: Uint8Array, cursor: SyncCursor): Promise<void>;
  /** How far the stored documents are, by name; without those of which it is not known. */
  listCursors(): Promise<ReadonlyMap<string, SyncCursor>>;
  close(): Promise<void>;
}

/** Something could not be kept on, or read from, this device. `message` says what to do. */
export class OfflineStoreError extends Error {
  /** `in-use`: another process has the store open. */
  readonly code: 'disk-full' | 'corrupted' | 'unavailable' | 'in-use';

  constructor(code: OfflineStoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OfflineStoreError';
    this.code = code;
  }
}
