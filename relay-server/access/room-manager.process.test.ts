import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { openPostgresStorage } from '../log/postgres.ts';
import { PostgresServer } from '../testing/postgres-server.ts';
import { describeRoomManager } from './room-manager.contract.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.dispose());

async function openNode(url: string) {
  const storage = await openPostgresStorage(url, {
    reportProblem: (problem) => {
      throw problem;
    },
  });
  onTestFinished(() => storage.close());
  return storage;
}

describeRoomManager('Postgres', async () => {
  const url = await server.createDatabase();
  return {
    nodes: [await openNode(url), await openNode(url)],
    removeTable: async (name) => void (await server.query(url, `DROP TABLE tutti.${name}`)),
  };
});
