import { type Disposable, type Event, systemScheduler } from '../../../shared/lifecycle/index.ts';
import type { OfflineStore, UnsentDocument } from '../../../shared/sync/index.ts';
import { BlobCache, BLOBS_SUFFIX } from '../blobs/blob-cache.ts';
import { SqliteMirrorBases } from '../store/mirror-base.ts';
import { PendingEvents } from '../store/pending-events.ts';
import { SqliteMirrorNotes } from '../store/mirror-notes.ts';
import { RoomDatabase } from '../store/room-database.ts';
import { SqliteOfflineStore } from '../store/sqlite-offline-store.ts';

/** What this device keeps of one room. */
export interface RoomStorage {
  readonly store: OfflineStore;
  readonly bases: SqliteMirrorBases;
  /** Events that the relay does not have yet. */
  readonly pendingEvents: PendingEvents;
  readonly notes: SqliteMirrorNotes;
  /** Contents of files that are no texts; in a folder beside the file. */
  readonly blobs: BlobCache;
  /** The lock that was given, until the storage is closed. */
  readonly folderLock: Disposable | undefined;
  /** For the person: the file was damaged or is gone, and what became of it. */
  readonly damage: string | undefined;
  /** Fires once, with the size in bytes, when the file is too large and nothing of it can be dropped. */
  readonly onDidOverflow: Event<number>;
  /** Documents with edits that the relay has not acked. Rejects with OfflineStoreError. */
  readUnsent(): Promise<readonly UnsentDocument[]>;
  /** How many documents have edits that the relay has not acked. */
  countUnsent(): number;
  /** Commits what is pending and closes the file. */
  close(): Promise<void>;
}

export interface RoomStorageOptions {
  /** Of the room's folder; it goes over to the storage, also when that cannot be opened. */
  readonly folderLock?: Disposable | undefined;
  /** The relay has the room: a file without anything has lost it. */
  readonly isKnown?: boolean;
}

/** Opens the file at `path`, making it when needed. Rejects with OfflineStoreError. */
export async function openRoomStorage(
  path: string,
  { folderLock, isKnown = false }: RoomStorageOptions = {},
): Promise<RoomStorage> {
  try {
    return open(path, folderLock, isKnown);
  } catch (error) {
    folderLock?.dispose();
    throw error;
  }
}

function open(path: string, lock: Disposable | undefined, isKnown: boolean): RoomStorage {
  const database = new RoomDatabase({ path, scheduler: systemScheduler });
  const store = new SqliteOfflineStore(database);
  return {
    store,
    bases: new SqliteMirrorBases(database),
    pendingEvents: new PendingEvents(database),
    notes: new SqliteMirrorNotes(database),
    blobs: new BlobCache(path.replace(/(?:\.sqlite)?$/, BLOBS_SUFFIX)),
    folderLock: lock,
    damage: database.damage?.explanation ?? (isKnown && database.isBlank ? explainLoss(path) : undefined),
    onDidOverflow: store.budget.onDidOverflow,
    readUnsent: () => store.readUnsent(),
    countUnsent: () => store.countUnsent(),
    async close() {
      try {
        await store.close();
        database.close();
      } finally {
        lock?.dispose();
      }
    },
  };
}

function explainLoss(path: string): string {
  return `${path} has nothing of it any more; all of it comes back from the relay.`;
}
