import { toDisposable, type Disposable } from '../shared/lifecycle/index.ts';
import type { Backplane } from './backplane/backplane.ts';
import { openRedisBackplane } from './backplane/redis.ts';
import type { S3Location } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import { FolderSnapshotStore } from './log/folder.ts';
import { openPostgresStorage } from './log/postgres.ts';
import type { RelayStorage } from './log/relay-storage.ts';
import { S3SnapshotStore } from './log/s3.ts';
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
  readonly backplane: Backplane | undefined;
  /** Set when other nodes may write to the same log: how often it is asked where open documents stand. */
  readonly headPollIntervalMs: number | undefined;
  /** Waits for what is under way; disposing does not. */
  close(): Promise<void>;
}

const HEAD_POLL_INTERVAL_MS = 2_000;

/** Opens the database alone, for commands beside a running relay. Rejects with a `LogFailure` or an `OperatorError`. */
export async function openStorage({
  data,
  postgresUrl,
  reportProblem,
}: Pick<BackendOptions, 'data' | 'postgresUrl' | 'reportProblem'>): Promise<RelayStorage> {
  if (postgresUrl !== undefined) return openPostgresStorage(postgresUrl, { reportProblem });
  return data.openStorage({ isChecked: false });
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
    const postgres =
      postgresUrl === undefined ? undefined : own(await openPostgresStorage(postgresUrl, { reportProblem }));
    const storage = postgres ?? own(data.openStorage({ isChecked: true }));
    const snapshots = s3 ? own(new S3SnapshotStore(s3)) : new FolderSnapshotStore(data.snapshots);
    const backplane = redisUrl === undefined ? undefined : own(openRedisBackplane(redisUrl, { reportProblem }));
    return {
      storage,
      snapshots,
      backplane,
      headPollIntervalMs: postgres && HEAD_POLL_INTERVAL_MS,
      async close() {
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
