import Database from 'better-sqlite3';
import { LogFailure, type LogFailureCode } from '../log-failure.ts';

/** Runs `work` and turns what SQLite throws into a {@link LogFailure} about the file at `path`. */
export function guardSqlite<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toLogFailure(path, error);
  }
}

function toLogFailure(path: string, error: unknown): unknown {
  if (error instanceof LogFailure) return error;
  if (error instanceof Database.SqliteError) {
    const code = codeOf(error.code);
    return new LogFailure(code, explain(path, code, error), { cause: error });
  }
  if (error instanceof TypeError && error.message.includes('directory does not exist')) {
    return new LogFailure('permission', `The folder of ${path} does not exist.`, { cause: error });
  }
  return error;
}

function codeOf(sqliteCode: string): LogFailureCode {
  if (sqliteCode.startsWith('SQLITE_FULL')) return 'full';
  if (sqliteCode.startsWith('SQLITE_CORRUPT') || sqliteCode === 'SQLITE_NOTADB') return 'corrupted';
  if (/^SQLITE_(PERM|READONLY|CANTOPEN|AUTH)/.test(sqliteCode)) return 'permission';
  if (/^SQLITE_(BUSY|LOCKED)/.test(sqliteCode)) return 'busy';
  return 'failed';
}

/** Words for the operator about a file that SQLite cannot trust. */
export function explainDamage(path: string, what: string): string {
  return (
    `The database ${path} is damaged or is no database of a Tutti relay (${what}). It was not changed. ` +
    `Stop the relay, then restore the file from a backup, or move it, ${path}-wal and ${path}-shm away to start anew.`
  );
}

function explain(path: string, code: LogFailureCode, { message }: Error): string {
  switch (code) {
    case 'full':
      return `There is no space left to write to ${path}. Free some; nothing that was stored is lost.`;
    case 'corrupted':
      return explainDamage(path, message);
    case 'permission':
      return `The database ${path} cannot be opened for writing (${message}). Check who owns it and its permissions.`;
    case 'busy':
      return `The database ${path} is locked by another process (${message}). Try again, or end that process.`;
    case 'failed':
      return `The database ${path} failed: ${message}.`;
  }
}
