import Database from 'better-sqlite3';
import { type Disposable, toDisposable } from '../../../shared/lifecycle/index.ts';
import { guardSqlite } from './sqlite-failure.ts';

/**
 * Claims the file at `path` for this process until the result is disposed; undefined when another process has it.
 * The operating system gives the claim back when the process ends in whatever way.
 */
export function claimServingLock(path: string): Disposable | undefined {
  return guardSqlite(path, () => {
    const database = new Database(path, { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
      throw error;
    }
    return toDisposable(() => {
      database.close();
    });
  });
}
