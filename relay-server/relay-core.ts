import { type Disposable, DisposableStore, type Scheduler, systemScheduler } from '../shared/lifecycle/index.ts';
import { CLOSE_CODES, DEFLATE_FEATURE, PROTOCOL_LIMITS } from '../shared/protocol/index.ts';
import type { Doorkeeper } from './access/room-grant.ts';
import type { Backplane } from './backplane/backplane.ts';
import { InProcessBackplaneHub } from './backplane/in-process.ts';
import { Connection } from './gateway/connection.ts';
import type { ServerSocket } from './gateway/server-socket.ts';
import type { YjsUpgrade } from './gateway/websocket-endpoint.ts';
import { Compactor, type CompactionOptions } from './log/compactor.ts';
import type { SnapshotStore } from './log/snapshot-store.ts';
import type { UpdateLog } from './log/update-log.ts';
import type { ParticipantLimits } from './rooms/room-connection.ts';
import { RoomRegistry } from './rooms/room-registry.ts';
import { type EndableConnection, YjsEntrance } from './yjs-compat/yjs-entrance.ts';

export interface RelayCoreOptions {
  readonly log: UpdateLog;
  readonly snapshots: SnapshotStore;
  readonly doorkeeper: Doorkeeper;
  readonly backplane?: Backplane;
  readonly scheduler?: Scheduler;
  /** A float in [0, 1). Not used for secrets. */
  readonly random?: () => number;
  readonly heartbeatIntervalMs?: number;
  readonly maxUpdateBytes?: number;
  readonly limits?: ParticipantLimits;
  /** Set when other nodes write to the same log: how often it is asked where open documents stand. */
  readonly headPollIntervalMs?: number;
  /** Without it no snapshots are made. */
  readonly compaction?: CompactionOptions;
  /** Errors that an operator should see and no client can act on. */
  readonly reportProblem: (error: unknown) => void;
}

/** A relay without transport, clock or randomness of its own: everything it does follows from its options. */
export interface RelayCore extends Disposable {
  /** Takes over a fresh socket that wants into `room`. */
  accept(socket: ServerSocket, room: string): void;
  /** Takes over a y-websocket client that wants into a document. */
  acceptYjs(upgrade: YjsUpgrade): void;
  /** The largest WebSocket message that a y-websocket client may send. */
  readonly maxYjsMessageBytes: number;
  readonly connectionCount: number;
  /** Says goodbye to everybody, each with a hint of up to `maxRetryMs`, and commits what is on its way. */
  drain(maxRetryMs: number): Promise<void>;
  /** Ends everything at once. What was not committed is lost, as it was never acked. */
  dispose(): void;
}

const DEFAULT_LIMITS: ParticipantLimits = {
  updates: { capacity: 50_000, refillPerSecond: 5_000 },
  updateBytes: { capacity: 64 * 1024 * 1024, refillPerSecond: 16 * 1024 * 1024 },
};
/** Room for the codes around an update of a y-websocket client. */
const YJS_ENVELOPE_BYTES = 64;
const HEARTBEAT_INTERVAL_MS = 15_000;

export function createRelayCore(options: RelayCoreOptions): RelayCore {
  const { log, snapshots, doorkeeper, reportProblem } = options;
  const scheduler = options.scheduler ?? systemScheduler;
  const random = options.random ?? Math.random;
  const maxUpdateBytes = options.maxUpdateBytes ?? PROTOCOL_LIMITS.maxUpdateBytes;
  const owned = new DisposableStore();
  const compactor =
    options.compaction && owned.add(new Compactor({ log, snapshots, reportProblem }, options.compaction));
  const rooms = owned.add(
    new RoomRegistry({
      log,
      snapshots,
      backplane: options.backplane ?? owned.add(new InProcessBackplaneHub().join()),
      scheduler,
      random,
      maxUpdateBytes,
      limits: options.limits ?? DEFAULT_LIMITS,
      headPollIntervalMs: options.headPollIntervalMs,
      noteGrowth: (key, updates, bytes) => compactor?.noteGrowth(key, updates, bytes),
      reportProblem,
    }),
  );
  const services = {
    doorkeeper,
    rooms,
    scheduler,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? HEARTBEAT_INTERVAL_MS,
    maxUpdateBytes,
    features: [DEFLATE_FEATURE],
    reportProblem,
  };
  const connections = new Set<EndableConnection>();
  const yjsEntrance = owned.add(new YjsEntrance(services, connections));
  let isDraining = false;
  return {
    accept(socket, room) {
      const connection: Connection = new Connection(socket, room, services, () => connections.delete(connection));
      connections.add(connection);
      if (isDraining) connection.end(CLOSE_CODES.serviceRestart, 'The relay is restarting.', 1_000);
    },
    acceptYjs: (upgrade) => yjsEntrance.accept(upgrade),
    maxYjsMessageBytes: maxUpdateBytes + YJS_ENVELOPE_BYTES,
    get connectionCount() {
      return connections.size;
    },
    async drain(maxRetryMs) {
      isDraining = true;
      yjsEntrance.close(CLOSE_CODES.serviceRestart, 'The relay is restarting.');
      // Acks for what was taken still go out before the goodbye.
      await rooms.drain();
      for (const connection of connections) {
        connection.end(CLOSE_CODES.serviceRestart, 'The relay is restarting.', 1 + Math.floor(random() * maxRetryMs));
      }
      await rooms.drain();
    },
    dispose() {
      for (const connection of connections) connection.terminate();
      owned.dispose();
    },
  };
}
