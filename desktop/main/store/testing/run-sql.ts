import Database from 'better-sqlite3';

/** Runs statements on a database that nobody has open. */
export function runSql(path: string, sql: string): void {
  const database = new Database(path);
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}
