import { type Disposable, systemScheduler } from '../../../shared/lifecycle/index.ts';
import type { OfflineStore, UnsentDocument } from '../../../shared/sync/index.ts';
import { lockFolder } from '../store/folder-lock.ts';
import { SqliteMirrorBases } from '../store/mirror-base.ts';
import { RoomDatabase } from '../store/room-database.ts';
import { SqliteOfflineStore } from '../store/sqlite-offline-store.ts';

/** What this device keeps of one room. */
export interface RoomStorage {
  readonly store: OfflineStore;
  readonly bases: SqliteMirrorBases;
  /** For the person: the file was damaged, and what became of it. */
  readonly damage: string | undefined;
  /** Documents with edits that the relay has not acked. Rejects with OfflineStoreError. */
  readUnsent(): Promise<readonly UnsentDocument[]>;
  /** Commits what is pending and closes the file. */
  close(): Promise<void>;
}

/**
 * Opens the file at `path`, making it when needed, and takes `folder` for this process. Rejects with OfflineStoreError.
 */
export async function openRoomStorage(path: string, folder?: string): Promise<RoomStorage> {
  const lock = folder === undefined ? undefined : lockFolder(folder);
  try {
    return open(path, lock);
  } catch (error) {
    lock?.dispose();
    throw error;
  }
}

function open(path: string, lock: Disposable | undefined): RoomStorage {
  const database = new RoomDatabase({ path, scheduler: systemScheduler });
  const store = new SqliteOfflineStore(database);
  return {
    store,
    bases: new SqliteMirrorBases(database),
    damage: database.damage?.explanation,
    readUnsent: () => store.readUnsent(),
    async close() {
      await store.close();
      database.close();
      lock?.dispose();
    },
  };
}
