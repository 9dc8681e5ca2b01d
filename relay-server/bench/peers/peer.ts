import type { UpdateLog } from '../../log/update-log.ts';
import type { BackendAddresses } from '../cluster/shared-backends.ts';
import type { BenchClient, BenchClientOptions } from '../load/bench-client.ts';
import type { ServerProcess } from '../processes/server-process.ts';

export const PEER_NAMES = ['tutti', 'hocuspocus', 'y-websocket'] as const;

export type PeerName = (typeof PEER_NAMES)[number];

export interface ClientRequest extends Omit<BenchClientOptions, 'port' | 'token'> {
  /** Which of several nodes it connects to; the first unless given. */
  readonly node?: number;
}

/** One kind of server, made ready to be measured. */
export interface Peer {
  readonly name: PeerName;
  /** What it is and how it stores, for the report. */
  readonly description: string;
  /** Gives it a folder of its own for what it stores. */
  install(folder: string): Promise<Installation>;
}

/** A server's data, which outlives its process. */
export interface Installation {
  /** Makes rooms, where that is needed. Call it before the server starts. */
  createRooms(rooms: readonly string[]): Promise<void>;
  /** `nodeArguments` come before the script, such as those of a profiler. */
  start(nodeArguments?: readonly string[]): Promise<ServerProcess>;
  /** Starts one of several nodes that share what they store, on rooms that are there. */
  readonly startNode?: (backends: BackendAddresses, nodeArguments?: readonly string[]) => Promise<ServerProcess>;
  /** Lets `fill` write to the update log beside the server. */
  readonly fillLog?: (fill: (log: UpdateLog) => Promise<void>) => Promise<void>;
  /** A token for one client. */
  createToken(room: string): Promise<string>;
  /** Opens a connection and, on it, the document; wait for `synced` of the result besides. */
  connect(options: BenchClientOptions): Promise<BenchClient>;
}
