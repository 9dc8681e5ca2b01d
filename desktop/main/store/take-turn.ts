import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { OfflineStoreError } from '../../../shared/sync/offline-store.ts';
import { isDamage, toOfflineStoreError } from './sqlite-failure.ts';

/** Others take short turns. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Runs `run` while no other process does so with the same `path`, a file that holds nothing; the system ends the turn of a
 * process that ends. What `run` throws is thrown. Throws OfflineStoreError when it does not get its turn.
 *
 * A damaged file is begun anew; of those who find it so at the same moment, several may have their turn at once.
 */
export function takeTurn<T>(path: string, run: () => T): T {
  const turn = begin(path);
  try {
    return run();
  } finally {
    // Not every SQLite ends a transaction with its connection.
    turn.exec('ROLLBACK');
    turn.close();
  }
}

function begin(path: string): Database.Database {
  try {
    return beginOnce(path);
  } catch (error) {
    if (!isDamage(error)) throw toOfflineStoreError(error, path, false);
  }
  try {
    for (const companion of ['', '-journal', '-wal', '-shm']) rmSync(path + companion, { force: true });
    return beginOnce(path);
  } catch (error) {
    const message = `${path} is damaged and cannot be begun anew. Remove it, then try again.`;
    throw isDamage(error)
      ? new OfflineStoreError('unavailable', message, { cause: error })
      : toOfflineStoreError(error, path, false);
  }
}

function beginOnce(path: string): Database.Database {
  const database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('BEGIN IMMEDIATE');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
