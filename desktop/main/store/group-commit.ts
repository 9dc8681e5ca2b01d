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
  /** Runs from one commit that was brought to the disk until the next may be. */
  private readonly syncTimer = new MutableDisposable<Disposable>();
  /** Commits before the next turn. */
  private soon: NodeJS.Immediate | undefined;
  private pending: Write[] = [];
  private hasUnsynced = false;

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

  /** Commits what is pending before others have their turn, for callers who wait for it: they share a commit. */
  flushSoon(): void {
    this.soon ??= setImmediate(() => this.flush());
  }

  /** Resolves when everything enqueued so far is committed or has failed: those who ask in one turn share a commit. */
  async whenSettled(): Promise<void> {
    if (this.pending.length === 0) return;
    const last = this.enqueue(() => {});
    this.flushSoon();
    // Failures reach those who enqueued.
    await last.catch(() => {});
  }

  /** Commits now what is pending. Failures reach those who enqueued. */
  flush(): void {
    this.commitTimer.value = undefined;
    clearImmediate(this.soon);
    this.soon = undefined;
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

  /** Resolves when everything enqueued so far is safe from a loss of power. Rejects when it cannot be made so. */
  async sync(): Promise<void> {
    // Any commit in this mode brings the whole log to the disk.
    const mark = this.enqueue(() => this.database.exec('UPDATE commits SET synced = synced + 1'));
    this.syncTimer.value = undefined;
    this.flush();
    await mark;
  }

  private commit(task: () => void): void {
    const isSynced = this.syncTimer.value === undefined;
    this.database.pragma(`synchronous = ${isSynced ? 'FULL' : 'NORMAL'}`);
    this.database.transaction(task)();
    this.hasUnsynced = !isSynced;
    if (isSynced) this.syncTimer.value = this.scheduler.schedule(() => this.endPeriod(), SYNC_PERIOD_MS);
  }

  private endPeriod(): void {
    this.syncTimer.value = undefined;
    if (!this.hasUnsynced) return;
    // The next write meets the same failure and reports it; until one succeeds, each tries to be brought to the disk.
    this.sync().catch(() => {});
  }

  /** Commits what is pending and stops. The database stays open. */
  dispose(): void {
    this.flush();
    this.commitTimer.dispose();
    this.syncTimer.dispose();
  }
}
