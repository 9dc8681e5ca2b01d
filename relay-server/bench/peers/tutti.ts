import { fileURLToPath } from 'node:url';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { loadRelayIdentity } from '../../access/relay-identity.ts';
import { DEFAULT_TENANT, TokenAuthority } from '../../access/token-authority.ts';
import { DataFolder } from '../../data-folder.ts';
import type { RelayStorage } from '../../log/relay-storage.ts';
import { TuttiClient } from '../load/tutti-client.ts';
import { ServerProcess } from '../processes/server-process.ts';
import type { Peer } from './peer.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));
const READY = /^tutti-relay listening on http:\/\/\S+:(\d+)$/;
/** As the image of the relay runs it. */
const NODE_ARGUMENTS = ['--max-semi-space-size=4'];
const TOKEN_LIFETIME_MS = 3_600_000;

/** The relay of this project: SQLite, and on the disk before it acks. */
export const tutti: Peer = {
  name: 'tutti',
  description: 'Tutti relay, SQLite (WAL, synchronous=FULL), acks after fsync, a token checked for each connection',
  async install(folder) {
    const data = new DataFolder(folder);
    const authority = new TokenAuthority(await loadRelayIdentity(data.path), systemScheduler);
    let subjects = 0;
    const withStorage = async (work: (storage: RelayStorage) => Promise<void>) => {
      const storage = data.openStorage({ isServed: false });
      try {
        await work(storage);
      } finally {
        storage.dispose();
      }
    };
    return {
      createRooms: (rooms) =>
        withStorage(async ({ directory }) => {
          for (const room of rooms) {
            await directory.createRoom({ tenant: DEFAULT_TENANT, room, name: '', createdAtMs: Date.now() });
          }
        }),
      fillLog: (fill) => withStorage(({ log }) => fill(log)),
      start: (nodeArguments = []) =>
        ServerProcess.start({
          args: [...NODE_ARGUMENTS, ...nodeArguments, MAIN, 'serve', '--data', folder, '--port', '0'],
          ready: READY,
        }),
      startNode: ({ postgresUrl, redisUrl, s3Url, environment }, nodeArguments = []) => {
        const backends = ['--postgres', postgresUrl, '--redis', redisUrl, '--s3', s3Url];
        return ServerProcess.start({
          args: [...NODE_ARGUMENTS, ...nodeArguments, MAIN, 'serve', '--data', folder, '--port', '0', ...backends],
          env: environment,
          ready: READY,
        });
      },
      async createToken(room) {
        const subject = `person-${++subjects}`;
        const expiresAtMs = Date.now() + TOKEN_LIFETIME_MS;
        const grant = { tenant: DEFAULT_TENANT, room, role: 'editor', linkId: undefined, expiresAtMs } as const;
        return (await authority.signRoomToken({ ...grant, subject, name: `Person ${subjects}` })).token;
      },
      connect: (options) => TuttiClient.connect(options),
    };
  },
};
