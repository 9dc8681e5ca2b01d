import { toDisposable } from '../../shared/lifecycle/index.ts';
import type { RelayStorage } from './relay-storage.ts';
import { openDatabase, type OpenDatabaseOptions } from './sqlite/open-database.ts';
import { SqliteAccessDirectory } from './sqlite/sqlite-access-directory.ts';
import { SqliteBlobIndex } from './sqlite/sqlite-blob-index.ts';
import { SqliteDocumentRepairs } from './sqlite/sqlite-document-repairs.ts';
import { SqliteEventDirectory } from './sqlite/sqlite-event-directory.ts';
import { SqliteObjectsClaims } from './sqlite/sqlite-objects-claims.ts';
import { SqliteRoomDirectory } from './sqlite/sqlite-room-directory.ts';
import { SqliteSegmentIndex } from './sqlite/sqlite-segment-index.ts';
import { SqliteUpdateLog } from './sqlite/sqlite-update-log.ts';
import { ThreadedAccessDirectory } from './sqlite/threaded-access-directory.ts';
import { ThreadedBlobIndex } from './sqlite/threaded-blob-index.ts';
import { ThreadedEventDirectory } from './sqlite/threaded-event-directory.ts';
import { ThreadedSegmentIndex } from './sqlite/threaded-segment-index.ts';
import { ThreadedUpdateLog } from './sqlite/threaded-update-log.ts';
import { WriteThread } from './sqlite/write-thread.ts';

export interface SqliteStorageOptions extends OpenDatabaseOptions {
  /** Whether updates are written in a thread of their own, so that this one does not wait for the disk. */
  readonly isThreaded?: boolean;
}

/** Opens the SQLite file at `path`, making it when needed. Throws a `LogFailure`. */
export function openSqliteStorage(path: string, options: SqliteStorageOptions = {}): RelayStorage {
  const database = openDatabase(path, options);
  try {
    const rows = new SqliteUpdateLog(database, path);
    const index = new SqliteSegmentIndex(database, path);
    const directory = new SqliteRoomDirectory(database, path);
    const repairs = new SqliteDocumentRepairs(database, path);
    const objectsClaims = new SqliteObjectsClaims(database, path);
    const ownEvents = new SqliteEventDirectory(database, path);
    const ownBlobs = new SqliteBlobIndex(database, path);
    const thread = options.isThreaded ? new WriteThread(path) : undefined;
    const owner = toDisposable(() => {
      thread?.dispose();
      database.close();
    });
    const log = thread ? new ThreadedUpdateLog(rows, thread) : rows;
    const access = thread
      ? new ThreadedAccessDirectory(database, path, thread)
      : new SqliteAccessDirectory(database, path);
    const segments = thread ? new ThreadedSegmentIndex(index, thread) : index;
    const events = thread ? new ThreadedEventDirectory(ownEvents, thread) : ownEvents;
    const blobs = thread ? new ThreadedBlobIndex(ownBlobs, thread) : ownBlobs;
    return { log, segments, directory, access, events, blobs, repairs, objectsClaims, dispose: () => owner.dispose() };
  } catch (error) {
    database.close();
    throw error;
  }
}
