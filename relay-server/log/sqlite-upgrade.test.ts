import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { MIGRATIONS } from './sqlite/schema.ts';
import { openSqliteStorage } from './sqlite.ts';
import { describeUpgrade } from './upgrade.contract.ts';

/** The first with the access of rooms. */
const OLD_VERSION = 5;

describeUpgrade('SQLite', () => {
  const path = join(temporaryFolder(), 'relay.db');
  const database = new Database(path);
  onTestFinished(() => void database.close());
  for (const migration of MIGRATIONS.slice(0, OLD_VERSION)) database.exec(migration);
  database.pragma(`user_version = ${OLD_VERSION}`);
  return {
    insert(table, row) {
      const columns = Object.keys(row);
      const statement = `INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => '?').join()})`;
      database.prepare(statement).run(...Object.values(row));
    },
    open() {
      const storage = openSqliteStorage(path);
      onTestFinished(() => storage.dispose());
      return storage;
    },
  };
});
