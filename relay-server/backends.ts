import { type Disposable, DisposableStore, systemScheduler, toDisposable } from '../shared/lifecycle/index.ts';
import type { Backplane } from './backplane/backplane.ts';
import { UploadCleaner } from './blobs/index.ts';
import { checkObjects } from './check-objects.ts';
import type { S3Location } from './config.ts';
import { type DataFolder, OperatorError } from './data-folder.ts';
import { FolderBlobParts, FolderMark, FolderSegmentStore, FolderSnapshotStore, UnfinishedFiles } from './log/folder.ts';
import type { BlobParts } from './log/blob-parts.ts';
import type { ObjectsMark } from './log/objects-claim.ts';
import { ObjectsOwnership } from './log/objects-ownership.ts';
import type { PostgresStorage } from './log/postgres.ts';
import type { RelayStorage } from './log/relay-storage.ts';
import type { SegmentStore } from './log/segment-store.ts';
import type { SnapshotStore } from './log/snapshot-store.ts';

/** Where a relay keeps things and how it reaches other nodes. What is left out lies in the data folder, for one node. */
export interface BackendOptions {
  readonly data: DataFolder;
  readonly postgresUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly s3: S3Location | undefined;
  readonly reportProblem: (error: unknown) => void;
}

/** What a relay runs on. */
export interface Backends extends Disposable {
  readonly storage: RelayStorage;
  readonly snapshots: SnapshotStore;
  readonly segmentStore: SegmentStore;
  readonly blobParts: BlobParts;
  /** Whether snapshots, segments and parts of blobs may be removed now. */
  readonly mayRemoveObjects: () => boolean;
  readonly backplane: Backplane | undefined;
  /** Set when other nodes may write to the same log: how often it is asked where open documents stand. */
  readonly headPollIntervalMs: number | undefined;
  /** Waits for what is under way; disposing does not. */
  close(): Promise<void>;
}

/** Where snapshots, segments and parts of blobs are. Disposing ends what reaches them. */
export interface ObjectsAccess extends Disposable {
  /** Its name in messages, such as `the bucket NAME`. */
  readonly place: string;
  readonly snapshots: SnapshotStore;
  readonly segmentStore: SegmentStore;
  readonly blobParts: BlobParts;
  /** Says which database they belong to; undefined when they lie beside it, and are copied with it. */
  readonly mark: ObjectsMark | undefined;
}

const HEAD_POLL_INTERVAL_MS = 2_000;

/** Opens the database alone, for commands beside a running relay. Rejects with a `LogFailure` or an `OperatorError`. */
export async function openStorage({
  data,
  postgresUrl,
  reportProblem,
}: Pick<BackendOptions, 'data' | 'postgresUrl' | 'reportProblem'>): Promise<RelayStorage> {
  if (postgresUrl !== undefined) return openPostgres(postgresUrl, reportProblem);
  return data.openStorage({ isServed: false });
}

/** Opens the stores of objects alone, as {@link openStorage} does the database. */
export async function openObjects({
  data,
  postgresUrl,
  s3,
}: Pick<BackendOptions, 'data' | 'postgresUrl' | 's3'>): Promise<ObjectsAccess> {
  if (!s3) {
    const snapshots = new FolderSnapshotStore(data.snapshots);
    const segmentStore = new FolderSegmentStore(data.segments);
    const mark = postgresUrl === undefined ? undefined : new FolderMark(data.objectsMark);
    const blobParts = new FolderBlobParts(data.blobs);
    return { place: `the data folder ${data.path}`, snapshots, segmentStore, blobParts, mark, dispose() {} };
  }
  // Loaded when needed, as the libraries of the other backends are.
  const { S3BlobParts, S3Mark, S3SegmentStore, S3SnapshotStore } = await import('./log/s3.ts');
  const owned = new DisposableStore();
  const snapshots = owned.add(new S3SnapshotStore(s3));
  const segmentStore = owned.add(new S3SegmentStore(s3));
  const blobParts = owned.add(new S3BlobParts(s3));
  const mark = owned.add(new S3Mark(s3));
  return { place: nameOf(s3), snapshots, segmentStore, blobParts, mark, dispose: () => owned.dispose() };
}

function nameOf({ bucket, prefix = '', endpoint }: S3Location): string {
  const path = `${bucket}/${prefix}`.replace(/\/$/, '');
  return `the bucket ${path}${endpoint === undefined ? '' : ` at ${endpoint}`}`;
}

/** Opens everything. A data folder that holds the database is claimed for this process. */
export async function openBackends(options: BackendOptions): Promise<Backends> {
  const { data, postgresUrl, redisUrl, s3, reportProblem } = options;
  const opened: Disposable[] = [];
  const own = <T extends Disposable>(owned: T): T => {
    opened.push(owned);
    return owned;
  };
  const owner = toDisposable(() => {
    for (const owned of opened.reverse()) owned.dispose();
  });
  try {
    if (postgresUrl === undefined) own(data.claim());
    const postgres = postgresUrl === undefined ? undefined : own(await openPostgres(postgresUrl, reportProblem));
    const storage = postgres ?? own(data.openStorage({ isServed: true }));
    const objects = own(await openObjects({ data, postgresUrl, s3 }));
    const { snapshots, segmentStore, blobParts, mark, place } = objects;
    const claims = storage.objectsClaims;
    await checkObjects(objects, claims, reportProblem);
    const services = { claims, place, scheduler: systemScheduler, reportProblem };
    const ownership = mark && own(new ObjectsOwnership({ ...services, mark }));
    if (!s3) {
      const folders = [data.snapshots, data.segments, data.blobs];
      own(new UnfinishedFiles({ folders, scheduler: systemScheduler, reportProblem }));
    }
    const mayRemove = () => ownership?.mayRemove() ?? true;
    const kept = { index: storage.blobs, parts: blobParts };
    own(new UploadCleaner({ ...kept, scheduler: systemScheduler, mayRemove, reportProblem }));
    const backplane = redisUrl === undefined ? undefined : own(await openRedis(redisUrl, reportProblem));
    return {
      storage,
      snapshots,
      segmentStore,
      blobParts,
      mayRemoveObjects: mayRemove,
      backplane,
      headPollIntervalMs: postgres && HEAD_POLL_INTERVAL_MS,
      async close() {
        ownership?.dispose();
        await postgres?.close();
        owner.dispose();
      },
      dispose: () => owner.dispose(),
    };
  } catch (error) {
    owner.dispose();
    throw error;
  }
}

// The libraries of the backends take long to load, and most relays and commands use none of them.
async function openPostgres(url: string, reportProblem: BackendOptions['reportProblem']): Promise<PostgresStorage> {
  const { openPostgresStorage } = await import('./log/postgres.ts');
  return openPostgresStorage(url, { reportProblem });
}

async function openRedis(url: string, reportProblem: BackendOptions['reportProblem']) {
  const { openRedisBackplane } = await import('./backplane/redis.ts');
  try {
    return openRedisBackplane(url, { reportProblem });
  } catch (error) {
    if (error instanceof TypeError) throw new OperatorError(error.message, { cause: error });
    throw error;
  }
}
