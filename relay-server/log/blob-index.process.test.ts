import { afterAll, beforeAll } from 'vitest';
import { PostgresServer } from '../testing/postgres-server.ts';
import { openPostgres } from '../testing/postgres-under-test.ts';
import { describeBlobIndex } from './blob-index.contract.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.dispose());

describeBlobIndex('Postgres', async () => (await openPostgres(await server.createDatabase())).blobs);
