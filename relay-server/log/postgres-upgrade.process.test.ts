import { afterAll, beforeAll } from 'vitest';
import { PostgresServer } from '../testing/postgres-server.ts';
import { migrateThrough, openPostgres } from '../testing/postgres-under-test.ts';
import { describeUpgrade } from './upgrade.contract.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.dispose());

describeUpgrade('Postgres', async () => {
  const url = await server.createDatabase();
  await migrateThrough(url, '0004-access');
  return {
    async insert(table, row) {
      const columns = Object.keys(row);
      const places = columns.map((_, index) => `$${index + 1}`);
      const values = Object.values(row).map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
      // The keys that the database makes itself are given too.
      const statement = `INSERT INTO tutti.${table} (${columns.join()}) OVERRIDING SYSTEM VALUE VALUES (${places.join()})`;
      await server.query(url, statement, values);
    },
    open: () => openPostgres(url),
  };
});
