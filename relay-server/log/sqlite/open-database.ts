import Database from 'better-sqlite3';
import { LogFailure } from '../log-failure.ts';
import { MIGRATIONS } from './schema.ts';
import { guardSqlite } from './sqlite-failure.ts';

export interface OpenDatabaseOptions {
  /** Upper bound of the file's size in pages of 4 KiB; beyond it writes fail with `full`. */
  readonly maxPages?: number;
  /** How long a call waits for another process. */
  readonly busyTimeoutMs?: number;
}

/** Opens the database at `path`, making it and bringing it up to date when needed. Throws a {@link LogFailure}. */
export function openDatabase(path: string, options: OpenDatabaseOptions = {}): Database.Database {
  return guardSqlite(path, () => {
    const database = new Database(path, { timeout: options.busyTimeoutMs ?? 5_000 });
    try {
      database.pragma('journal_mode = WAL');
      // A commit is on the disk when it returns: an ack promises that.
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      database.pragma('trusted_schema = OFF');
      if (options.maxPages !== undefined) database.pragma(`max_page_count = ${Math.floor(options.maxPages)}`);
      migrate(database, path);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  });
}

function migrate(database: Database.Database, path: string): void {
  database
    .transaction(() => {
      const version = Number(database.pragma('user_version', { simple: true }));
      if (version > MIGRATIONS.length) {
        throw new LogFailure('failed', `The database ${path} was written by a newer relay. Update this one.`);
      }
      for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
      database.pragma(`user_version = ${MIGRATIONS.length}`);
    })
    .immediate();
}
