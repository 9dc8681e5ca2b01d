import Database from 'better-sqlite3';

/**
 * How many documents of a closed room have edits that the relay has not acked. Undefined when the file cannot be read now,
 * as when another process has it open.
 */
export function countUnsent(path: string): number | undefined {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { fileMustExist: true, timeout: 0 });
    const row = database
      .prepare<[], { readonly documents: unknown }>(
        'SELECT count(DISTINCT document) AS documents FROM updates WHERE is_unacked = 1',
      )
      .get();
    return Number(row?.documents ?? 0);
  } catch {
    // Damaged, locked, or of another version: opening the room says so.
    return undefined;
  } finally {
    database?.close();
  }
}
