import type Database from 'better-sqlite3';
import { type Disposable, MutableDisposable, type Scheduler } from '../../../shared/lifecycle/index.ts';

/** Writes of so long a time share a transaction. */
const GATHER_MS = 5;
/** What is committed is on the disk, safe from a loss of power, so much later at most. */
const SYNC_PERIOD_MS = 500;

interface Write {
  run(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Commits the writes of a few milliseconds together. A commit survives the end of the process, however it ends; a loss of
 * power may cost the last half second, since fsync at each commit would hold up the thread that everything else needs.
 */
export class GroupCommit {
  private readonly database: Database.Database;
  private readonly scheduler: Scheduler;
  private readonly toError: (error: unknown) => Error;
  private readonly commitTimer = new MutableDisposable<Disposable>();
  private readonly syncTimer = new MutableDisposable<Disposable>();
  private pending: Write[] = [];
  private lastSyncMs = -Infinity;

  constructor(database: Database.Database, scheduler: Scheduler, toError: (error: unknown) => Error) {
    this.database = database;
    this.scheduler = scheduler;
    this.toError = toError;
  }

  /** Runs `task` in the next transaction, after everything enqueued before. Resolves when it is committed. */
  enqueue<T>(task: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: { readonly value: T } | undefined;
      this.pending.push({
        run: () => {
          result = { value: task() };
        },
        resolve: () => {
          if (result) resolve(result.value);
        },
        reject,
      });
      this.commitTimer.value ??= this.scheduler.schedule(() => this.flush(), GATHER_MS);
    });
  }

  /** Commits now what is pending. Failures reach those who enqueued. */
  flush(): void {
    this.commitTimer.value = undefined;
    const writes = this.pending;
    this.pending = [];
    if (writes.length === 0) return;
    try {
      this.commit(() => {
        for (const write of writes) write.run();
      });
    } catch (error) {
      const failure = this.toError(error);
      for (const write of writes) write.reject(failure);
      return;
    }
    for (const write of writes) write.resolve();
  }

  private commit(task: () => void): void {
    const waitMs = this.lastSyncMs + SYNC_PERIOD_MS - this.scheduler.now();
    const isSynced = waitMs <= 0;
    this.database.pragma(`synchronous = ${isSynced ? 'FULL' : 'NORMAL'}`);
    this.database.transaction(task)();
    if (isSynced) {
      this.lastSyncMs = this.scheduler.now();
      this.syncTimer.value = undefined;
    } else {
      this.syncTimer.value ??= this.scheduler.schedule(() => this.sync(), waitMs);
    }
  }

  // Any commit in this mode brings the whole log to the disk.
  private sync(): void {
    this.syncTimer.value = undefined;
    this.lastSyncMs = -Infinity;
    this.commitTimer.value = undefined;
    this.pending.push({
      run: () => this.database.exec('UPDATE commits SET synced = synced + 1'),
      resolve: () => {},
      // The next write meets the same failure and reports it; until one succeeds, the period starts over.
      reject: () => {},
    });
    this.flush();
  }

  /** Commits what is pending and stops. The database stays open. */
  dispose(): void {
    this.flush();
    this.commitTimer.dispose();
    this.syncTimer.dispose();
  }
}
