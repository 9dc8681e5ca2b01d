import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';
import { isDamage, toOfflineStoreError } from './sqlite-failure.ts';

const BUSY_TIMEOUT_MS = 300;
const MAX_RESTING_LOG_BYTES = 1024 * 1024;

export interface DatabaseSchema {
  /**
   * What brought the tables about, one entry for each version: a file runs those that it has not run. Append only. A file
   * that has run more of them was written by a later Tutti and is not touched.
   */
  readonly steps: readonly string[];
}

/** Thrown when the file is not a sound database. */
export class DamagedDatabaseError extends Error {
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} is damaged`, options);
    this.name = 'DamagedDatabaseError';
  }
}

/**
 * Opens a database for this process alone, makes its folder and tables when needed, and checks that it is sound.
 * Throws {@link DamagedDatabaseError} or OfflineStoreError.
 */
export function openDatabase(path: string, schema: DatabaseSchema): Database.Database {
  let database: Database.Database | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    database = new Database(path);
    configure(database);
    check(database, path);
    migrate(database, path, schema);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof DamagedDatabaseError) throw error;
    throw isDamage(error) ? new DamagedDatabaseError(path, { cause: error }) : toOfflineStoreError(error, path, false);
  }
}

function configure(database: Database.Database): void {
  database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  // Held until the process ends, however it ends: a second Tutti on the file gets an error instead of a share in it.
  database.pragma('locking_mode = EXCLUSIVE');
  // For a new file, before anything is written: pages that become free can be given back to the disk. It would write into
  // another one, which may be damaged and is to be kept as it is then.
  if (database.pragma('page_count', { simple: true }) === 0) database.pragma('auto_vacuum = INCREMENTAL');
  database.pragma('journal_mode = WAL');
  // Copying the log into the file takes the turn of whoever commits: in small portions it holds up nobody, and the log,
  // which a large write makes long, does not stay so.
  database.pragma('wal_autocheckpoint = 200');
  database.pragma(`journal_size_limit = ${MAX_RESTING_LOG_BYTES}`);
  database.pragma('synchronous = NORMAL');
  // On macOS a plain fsync does not reach the disk.
  database.pragma('fullfsync = 1');
}

function check(database: Database.Database, path: string): void {
  const verdict = database.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') throw new DamagedDatabaseError(path, { cause: new Error(String(verdict)) });
}

function migrate(database: Database.Database, path: string, { steps }: DatabaseSchema): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > steps.length) {
    throw new OfflineStoreError('unavailable', `${path} was written by a newer Tutti. Update this one.`);
  }
  // Also takes the lock, since a write is needed for it.
  const sql = ['BEGIN IMMEDIATE', ...steps.slice(version), `PRAGMA user_version = ${steps.length}`, 'COMMIT'].join(
    ';\n',
  );
  database.exec(sql);
}
