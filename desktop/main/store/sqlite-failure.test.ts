import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { toOfflineStoreError } from './sqlite-failure.ts';

/** What SQLite says where a file may not grow. */
function fullDatabase(): unknown {
  const database = new Database(':memory:');
  try {
    database.exec('CREATE TABLE t (x BLOB)');
    database.pragma('max_page_count = 2');
    database.exec('INSERT INTO t VALUES (zeroblob(100000))');
    return undefined;
  } catch (error) {
    return error;
  } finally {
    database.close();
  }
}

describe('toOfflineStoreError', () => {
  it('promises to keep edits only where the database is open', () => {
    const error = fullDatabase();
    expect(toOfflineStoreError(error, '/data/room.sqlite').message).toContain('Edits are kept in memory');
    const { code, message } = toOfflineStoreError(error, '/data/room.sqlite', false);
    expect([code, message]).toEqual([
      'disk-full',
      'There is no space left for /data/room.sqlite. Free some space, then open it again.',
    ]);
  });
});
