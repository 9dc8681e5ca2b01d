import { toDisposable } from '../../shared/lifecycle/index.ts';
import type { RelayStorage } from './relay-storage.ts';
import { openDatabase, type OpenDatabaseOptions } from './sqlite/open-database.ts';
import { SqliteDocumentRepairs } from './sqlite/sqlite-document-repairs.ts';
import { SqliteRoomDirectory } from './sqlite/sqlite-room-directory.ts';
import { SqliteUpdateLog } from './sqlite/sqlite-update-log.ts';

/** Opens the SQLite file at `path`, making it when needed. Throws a `LogFailure`. */
export function openSqliteStorage(path: string, options?: OpenDatabaseOptions): RelayStorage {
  const database = openDatabase(path, options);
  try {
    const log = new SqliteUpdateLog(database, path);
    const directory = new SqliteRoomDirectory(database, path);
    const repairs = new SqliteDocumentRepairs(database, path);
    const owner = toDisposable(() => {
      database.close();
    });
    return { log, directory, repairs, dispose: () => owner.dispose() };
  } catch (error) {
    database.close();
    throw error;
  }
}
