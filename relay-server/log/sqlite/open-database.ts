import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { LogFailure } from '../log-failure.ts';
import { MIGRATIONS } from './schema.ts';
import { explainDamage, guardSqlite } from './sqlite-failure.ts';

export interface OpenDatabaseOptions {
  /** Upper bound of the file's size in pages of 4 KiB; beyond it writes fail with `full`. */
  readonly maxPages?: number;
  /** How long a call waits for another process. */
  readonly busyTimeoutMs?: number;
  /** Whether the whole file is checked before it is used, which reads all of it. Damaged parts are found on use else. */
  readonly isChecked?: boolean;
}

/**
 * Opens the database at `path`, making it and bringing it up to date when needed. Throws a {@link LogFailure}; a
 * damaged file, and one that is not of a relay, are left as they were.
 */
export function openDatabase(path: string, options: OpenDatabaseOptions = {}): Database.Database {
  return guardSqlite(path, () => {
    if (options.isChecked ?? true) checkDatabase(path);
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

// Without write access: merely closing a writable connection would carry the journal over into a damaged file.
function checkDatabase(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    const firstProblem: unknown = database.pragma('quick_check(1)', { simple: true });
    if (firstProblem === 'ok') return;
    // A heading that names the database stands on a line of its own.
    const finding = String(firstProblem).split('\n').at(-1) ?? '';
    throw new LogFailure('corrupted', explainDamage(path, finding));
  } finally {
    database.close();
  }
}

function migrate(database: Database.Database, path: string): void {
  database
    .transaction(() => {
      const version = Number(database.pragma('user_version', { simple: true }));
      if (version > MIGRATIONS.length) {
        throw new LogFailure('failed', `The database ${path} was written by a newer relay. Update this one.`);
      }
      if (version === 0 && database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined) {
        throw new LogFailure('corrupted', explainDamage(path, 'its tables are of another program'));
      }
      for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
      database.pragma(`user_version = ${MIGRATIONS.length}`);
    })
    .immediate();
}
