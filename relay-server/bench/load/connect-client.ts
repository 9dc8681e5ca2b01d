import type { PeerName } from '../peers/peer.ts';
import type { BenchClient, BenchClientOptions } from './bench-client.ts';
import { TuttiClient } from './tutti-client.ts';
import { YProtocolClient } from './y-protocol-client.ts';

/** Opens a connection to a server of this kind and, on it, the document; wait for `synced` of the result besides. */
export function connectClient(server: PeerName, options: BenchClientOptions): Promise<BenchClient> {
  return server === 'tutti' ? TuttiClient.connect(options) : YProtocolClient.connect(server, options);
}
