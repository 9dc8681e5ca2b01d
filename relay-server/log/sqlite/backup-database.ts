import { closeSync, fsyncSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { guardSqlite } from './sqlite-failure.ts';

/**
 * Writes the database at `path` as it is now to the new file `target`, durably, while other processes write to it. It
 * takes as long as reading all of it. Throws a `LogFailure`.
 */
export function backupDatabase(path: string, target: string): void {
  guardSqlite(path, () => {
    const database = new Database(path, { fileMustExist: true });
    try {
      // One read transaction: copying pages would begin anew with every commit of another process.
      database.prepare('VACUUM INTO ?').run(target);
    } finally {
      database.close();
    }
  });
  const file = openSync(target, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
