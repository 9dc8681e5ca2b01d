import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { YProtocolClient } from '../load/y-protocol-client.ts';
import { ServerProcess } from '../processes/server-process.ts';
import type { Peer } from './peer.ts';

const SCRIPT = fileURLToPath(new URL('hocuspocus-server.ts', import.meta.url));

/** Hocuspocus with its SQLite extension, all at their defaults. */
export const hocuspocus: Peer = {
  name: 'hocuspocus',
  description:
    '@hocuspocus/server 4 with its SQLite extension, which stores the whole document 2 to 10 s after an edit',
  install: (folder) =>
    Promise.resolve({
      createRooms: () => Promise.resolve(),
      start: (nodeArguments = []) =>
        ServerProcess.start({
          args: [...nodeArguments, SCRIPT, join(folder, 'hocuspocus.db')],
          ready: /^listening at (\d+)$/,
        }),
      createToken: () => Promise.resolve('a-token'),
      connect: (options) => YProtocolClient.connect('hocuspocus', options),
    }),
};
