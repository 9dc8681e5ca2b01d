import type { Disposable } from '../../shared/lifecycle/index.ts';
import { toDisposable } from '../../shared/lifecycle/index.ts';
import type { RoomDirectory } from './room-directory.ts';
import { openDatabase, type OpenDatabaseOptions } from './sqlite/open-database.ts';
import { SqliteRoomDirectory } from './sqlite/sqlite-room-directory.ts';
import { SqliteUpdateLog } from './sqlite/sqlite-update-log.ts';
import type { UpdateLog } from './update-log.ts';

/** Everything that the relay keeps in its database. Disposing closes the file. */
export interface RelayStorage extends Disposable {
  readonly log: UpdateLog;
  readonly directory: RoomDirectory;
}

/** Opens the SQLite file at `path`, making it when needed. Throws a `LogFailure`. */
export function openSqliteStorage(path: string, options?: OpenDatabaseOptions): RelayStorage {
  const database = openDatabase(path, options);
  try {
    const log = new SqliteUpdateLog(database, path);
    const directory = new SqliteRoomDirectory(database, path);
    const owner = toDisposable(() => {
      database.close();
    });
    return { log, directory, dispose: () => owner.dispose() };
  } catch (error) {
    database.close();
    throw error;
  }
}
