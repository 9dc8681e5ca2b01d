import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { AccessUnderTest } from '../access-nodes.contract.ts';
import type { RelayStorage } from '../relay-storage.ts';
import { temporaryFolder } from '../../testing/relay-under-test.ts';

/** For the contracts that take several nodes: two, with one SQLite file. */
export function openSqliteNodes(openStorage: (path: string) => RelayStorage): AccessUnderTest {
  const path = join(temporaryFolder(), 'relay.db');
  return {
    nodes: [openStorage(path), openStorage(path)],
    removeTable: async (name) => {
      const database = new Database(path);
      database.exec(`DROP TABLE ${name}`);
      database.close();
    },
  };
}
