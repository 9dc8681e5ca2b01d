import { type Disposable, DisposableStore, type Scheduler, systemScheduler } from '../shared/lifecycle/index.ts';
import {
  ACCESS_FEATURE,
  CLOSE_CODES,
  COMPARE_FEATURE,
  DEFLATE_FEATURE,
  DIGEST_FEATURE,
  PROTOCOL_LIMITS,
} from '../shared/protocol/index.ts';
import type { AccessWatch } from './access/access-watch.ts';
import { FileLists } from './access/file-lists.ts';
import type { SharedFile } from '../shared/workspace/index.ts';
import type { Admitted, Doorkeeper } from './access/room-grant.ts';
import type { Backplane } from './backplane/backplane.ts';
import { InProcessBackplaneHub } from './backplane/in-process.ts';
import { Connections, RESTARTING } from './gateway/connections.ts';
import type { ServerSocket } from './gateway/server-socket.ts';
import type { YjsUpgrade } from './gateway/websocket-endpoint.ts';
import { Archiver, type ArchiveOptions } from './log/archiver.ts';
import type { CompactionSource } from './log/compact-document.ts';
import { Compactor, type CompactionOptions } from './log/compactor.ts';
import { RecentSnapshots } from './log/recent-snapshots.ts';
import type { SegmentIndex } from './log/segment-index.ts';
import { SegmentReader } from './log/segment-reader.ts';
import type { SegmentStore } from './log/segment-store.ts';
import { SegmentedUpdateLog } from './log/segmented-update-log.ts';
import type { SnapshotStore } from './log/snapshot-store.ts';
import type { UpdateLog } from './log/update-log.ts';
import type { ParticipantLimits } from './rooms/write-rates.ts';
import type { RoomKey } from './rooms/room.ts';
import { RoomRegistry } from './rooms/room-registry.ts';
import type { TenantLimits } from './rooms/tenants.ts';
import { YjsEntrance } from './yjs-compat/yjs-entrance.ts';

export interface ArchiveAccess {
  readonly index: SegmentIndex;
  readonly store: SegmentStore;
  /** Without it what is archived is read, and nothing more is archived. */
  readonly archiving?: ArchiveOptions;
}

export interface RelayCoreOptions {
  readonly log: UpdateLog;
  readonly snapshots: SnapshotStore;
  readonly doorkeeper: Doorkeeper;
  /** The core disposes it. */
  readonly access: AccessWatch;
  /** Somebody came into a room. */
  readonly noteJoined?: (admitted: Admitted) => void;
  readonly backplane?: Backplane;
  readonly scheduler?: Scheduler;
  /** A float in [0, 1). Not used for secrets. */
  readonly random?: () => number;
  readonly heartbeatIntervalMs?: number;
  readonly maxUpdateBytes?: number;
  readonly limits?: ParticipantLimits;
  readonly tenantLimits?: TenantLimits;
  /** Connections that may wait to be let in at once. */
  readonly maxWaiting?: number;
  /** Set when other nodes write to the same log: how often it is asked where open documents stand. */
  readonly headPollIntervalMs?: number;
  /** Without it no snapshots are made. */
  readonly compaction?: CompactionOptions;
  /** Where updates are that are no longer in `log`, which has all of them when this is left out. */
  readonly archive?: ArchiveAccess;
  /** Whether snapshots and segments may be removed now; when left out, they always may. */
  readonly mayRemoveObjects?: () => boolean;
  /** Errors that an operator should see and no client can act on. */
  readonly reportProblem: (error: unknown) => void;
}

/** A relay without transport, clock or randomness of its own: everything it does follows from its options. */
export interface RelayCore extends Disposable {
  /** Takes over a fresh socket that wants into `room`. Its IP address is for limits; without it there are none. */
  accept(socket: ServerSocket, room: string, ipAddress?: string): void;
  /** Takes over a y-websocket client that wants into a document. */
  acceptYjs(upgrade: YjsUpgrade): void;
  /** The largest WebSocket message that a y-websocket client may send. */
  readonly maxYjsMessageBytes: number;
  readonly connectionCount: number;
  /** Whatever owners set or took back in a room is new: it takes effect on all nodes at once. */
  announceAccess(key: RoomKey, version: number): void;
  /** Where the file lies whose text a document of the room is; undefined when it is none. Rejects with a `LogFailure`. */
  readonly findFilePath: (key: RoomKey, document: string) => Promise<string | undefined>;
  /** Where all files of a room lie, by document. Rejects with a `LogFailure`. */
  readonly readFilePaths: (key: RoomKey) => Promise<ReadonlyMap<string, string>>;
  /** All files of a room; the same list for as long as it has not changed. Rejects with a `LogFailure`. */
  readonly readFiles: (key: RoomKey) => Promise<readonly SharedFile[]>;
  /** The whole log, wherever its parts are, to read. */
  readonly log: Pick<UpdateLog, 'readDocument' | 'readHeads' | 'readUpdates'>;
  /** Who is in a room, as far as this node knows. */
  connectedSubjects(key: RoomKey): readonly string[];
  /**
   * Takes nobody any more, commits what is on its way and says goodbye to everybody, spread over `withinMs` so that
   * they do not all come to another node at once.
   */
  drain(withinMs: number): Promise<void>;
  /** Ends everything at once. What was not committed is lost, as it was never acked. */
  dispose(): void;
}

const DEFAULT_LIMITS: ParticipantLimits = {
  updates: { capacity: 50_000, refillPerSecond: 5_000 },
  updateBytes: { capacity: 64 * 1024 * 1024, refillPerSecond: 16 * 1024 * 1024 },
};
/** For each tenant; a relay of one team has one. */
const DEFAULT_TENANT_LIMITS: TenantLimits = {
  connections: 50_000,
  updates: { capacity: 500_000, refillPerSecond: 50_000 },
  updateBytes: { capacity: 512 * 1024 * 1024, refillPerSecond: 64 * 1024 * 1024 },
};
const MAX_WAITING = 5_000;
/** Room for the codes around an update of a y-websocket client. */
const YJS_ENVELOPE_BYTES = 64;
const HEARTBEAT_INTERVAL_MS = 15_000;

export function createRelayCore(options: RelayCoreOptions): RelayCore {
  const { snapshots, doorkeeper, heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS, maxWaiting = MAX_WAITING } = options;
  const scheduler = options.scheduler ?? systemScheduler;
  const random = options.random ?? Math.random;
  const maxUpdateBytes = options.maxUpdateBytes ?? PROTOCOL_LIMITS.maxUpdateBytes;
  const owned = new DisposableStore();
  owned.add(options.access);
  const reportProblem = (error: unknown) => {
    // What is under way when the relay ends finds its storage closed, and nobody waits for it any more.
    if (!owned.isDisposed) options.reportProblem(error);
  };
  const log = openLog({ ...options, reportProblem }, scheduler, owned);
  const { mayRemoveObjects: mayRemove = () => true } = options;
  const compactor =
    options.compaction &&
    owned.add(new Compactor({ log, snapshots, scheduler, mayRemove, reportProblem }, options.compaction));
  const rooms = owned.add(
    new RoomRegistry({
      log,
      snapshots: owned.add(new RecentSnapshots(snapshots, scheduler)),
      access: options.access,
      noteJoined: (admitted) => options.noteJoined?.(admitted),
      backplane: options.backplane ?? owned.add(new InProcessBackplaneHub().join()),
      scheduler,
      random,
      maxUpdateBytes,
      limits: options.limits ?? DEFAULT_LIMITS,
      tenantLimits: options.tenantLimits ?? DEFAULT_TENANT_LIMITS,
      headPollIntervalMs: options.headPollIntervalMs,
      noteGrowth: (key, updates, bytes) => compactor?.noteGrowth(key, updates, bytes),
      reportProblem,
    }),
  );
  const shared = { doorkeeper, rooms, scheduler, heartbeatIntervalMs, maxUpdateBytes, reportProblem };
  const services = { ...shared, features: [DEFLATE_FEATURE, ACCESS_FEATURE, DIGEST_FEATURE, COMPARE_FEATURE] };
  const connections = new Connections({ services, scheduler, random, maxWaiting });
  const yjsEntrance = owned.add(new YjsEntrance(services, connections.all));
  return {
    accept: (socket, room, ipAddress) => connections.accept(socket, room, ipAddress),
    acceptYjs: (upgrade) => yjsEntrance.accept(upgrade),
    maxYjsMessageBytes: maxUpdateBytes + YJS_ENVELOPE_BYTES,
    get connectionCount() {
      return connections.all.size;
    },
    announceAccess: (key, version) => rooms.announceAccess(key, version),
    ...createReading({ log, snapshots }),
    connectedSubjects: (key) => rooms.connectedSubjects(key),
    async drain(withinMs) {
      connections.close();
      yjsEntrance.close(CLOSE_CODES.serviceRestart, RESTARTING);
      // Acks for what was taken still go out before the goodbye.
      await rooms.drain();
      await connections.sendAway(withinMs);
      await rooms.drain();
    },
    dispose() {
      connections.terminateAll();
      owned.dispose();
    },
  };
}

function createReading(
  source: CompactionSource,
): Pick<RelayCore, 'log' | 'findFilePath' | 'readFilePaths' | 'readFiles'> {
  const lists = new FileLists(source);
  return {
    log: source.log,
    findFilePath: async (key, document) => (await lists.read(key)).find(({ fileId }) => fileId === document)?.path,
    readFilePaths: async (key) => new Map((await lists.read(key)).map(({ fileId, path }) => [fileId, path])),
    readFiles: (key) => lists.read(key),
  };
}

/** The whole log, wherever its parts are. */
function openLog(
  { log, archive, mayRemoveObjects: mayRemove = () => true, reportProblem }: RelayCoreOptions,
  scheduler: Scheduler,
  owned: DisposableStore,
): UpdateLog {
  if (!archive) return log;
  const { index, store, archiving } = archive;
  if (archiving) owned.add(new Archiver({ log, index, store, scheduler, mayRemove, reportProblem }, archiving));
  return new SegmentedUpdateLog(log, index, owned.add(new SegmentReader(store, scheduler)));
}
