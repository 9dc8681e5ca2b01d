import { toDisposable } from '../../shared/lifecycle/index.ts';
import type { RelayStorage } from './relay-storage.ts';
import { openDatabase, type OpenDatabaseOptions } from './sqlite/open-database.ts';
import { SqliteDocumentRepairs } from './sqlite/sqlite-document-repairs.ts';
import { SqliteRoomDirectory } from './sqlite/sqlite-room-directory.ts';
import { SqliteUpdateLog } from './sqlite/sqlite-update-log.ts';
import { ThreadedUpdateLog } from './sqlite/threaded-update-log.ts';

export interface SqliteStorageOptions extends OpenDatabaseOptions {
  /** Whether updates are written in a thread of their own, so that this one does not wait for the disk. */
  readonly isThreaded?: boolean;
}

/** Opens the SQLite file at `path`, making it when needed. Throws a `LogFailure`. */
export function openSqliteStorage(path: string, options: SqliteStorageOptions = {}): RelayStorage {
  const database = openDatabase(path, options);
  try {
    const direct = new SqliteUpdateLog(database, path);
    const threaded = options.isThreaded ? new ThreadedUpdateLog(direct, path) : undefined;
    const log = threaded ?? direct;
    const directory = new SqliteRoomDirectory(database, path);
    const repairs = new SqliteDocumentRepairs(database, path);
    const owner = toDisposable(() => {
      threaded?.dispose();
      database.close();
    });
    return { log, directory, repairs, dispose: () => owner.dispose() };
  } catch (error) {
    database.close();
    throw error;
  }
}
