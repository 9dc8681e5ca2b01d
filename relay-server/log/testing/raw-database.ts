import Database from 'better-sqlite3';

/** Opens a relay's SQLite file behind its back; whoever opens it closes it. */
export function openRawDatabase(path: string): Database.Database {
  return new Database(path);
}

/** Gives the first column of the first row that a query finds. */
export function findIn(path: string, query: string): unknown {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare(query).pluck().get();
  } finally {
    database.close();
  }
}
