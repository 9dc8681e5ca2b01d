import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { YProtocolClient } from '../load/y-protocol-client.ts';
import { ServerProcess } from '../processes/server-process.ts';
import type { Peer } from './peer.ts';

const SCRIPT = fileURLToPath(new URL('server.js', import.meta.resolve('@y/websocket-server/utils')));

/** The server that belongs to y-websocket, as its command starts it, with its LevelDB persistence. */
export const yWebsocket: Peer = {
  name: 'y-websocket',
  description: '@y/websocket-server 0.1.1 with its LevelDB persistence, which stores each update without fsync',
  install: (folder) =>
    Promise.resolve({
      createRooms: () => Promise.resolve(),
      async start(nodeArguments = []) {
        // It cannot be asked for the port that it was given.
        const port = await findFreePort();
        return ServerProcess.start({
          args: [...nodeArguments, SCRIPT],
          env: { HOST: '127.0.0.1', PORT: String(port), YPERSISTENCE: join(folder, 'leveldb') },
          ready: /^running at /,
          port,
        });
      },
      createToken: () => Promise.resolve(''),
      connect: (options) => YProtocolClient.connect('y-websocket', options),
    }),
};

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Always an AddressInfo for a TCP server.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
