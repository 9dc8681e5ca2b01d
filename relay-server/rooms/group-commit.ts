import {
  type Disposable,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
} from '../../shared/lifecycle/index.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { DocumentAppend, DocumentKey, NewUpdate, UpdateLog } from '../log/update-log.ts';

const COLLECT_MS = 3;
const FULL_BATCH_BYTES = 256 * 1024;

/** A document that hands updates to the log. */
export interface CommitTarget {
  readonly key: DocumentKey;
  /** For the case that the document is new. */
  readonly epoch: string;
  /** `seqs` has one number for each of `updates`. */
  committed(
    updates: readonly PendingUpdate[],
    result: { epoch: string; headSeq: number; seqs: readonly number[] },
  ): void;
  /** None of `updates` is stored. */
  failed(updates: readonly PendingUpdate[], failure: LogFailure): void;
}

export interface PendingUpdate extends NewUpdate {
  /** Tells the target's pending updates apart. */
  readonly pendingId: number;
}

type Batch = Map<CommitTarget, PendingUpdate[]>;

/** Collects the updates of all documents of the process and writes them to the log in one commit. */
export class GroupCommit implements Disposable {
  private readonly log: UpdateLog;
  private readonly scheduler: Scheduler;
  private readonly timer = new MutableDisposable<Disposable>();
  private collecting: Batch = new Map();
  private collectedBytes = 0;
  private writing: Promise<void> | undefined;
  private waiting: (() => void)[] = [];

  constructor(log: UpdateLog, scheduler: Scheduler) {
    this.log = log;
    this.scheduler = scheduler;
  }

  enqueue(target: CommitTarget, update: PendingUpdate): void {
    const updates = this.collecting.get(target);
    if (updates) updates.push(update);
    else this.collecting.set(target, [update]);
    this.collectedBytes += update.payload.byteLength;
    if (this.collectedBytes >= FULL_BATCH_BYTES) this.flush();
    else this.timer.value ??= this.scheduler.schedule(() => this.flush(), COLLECT_MS);
  }

  /** Resolves once everything enqueued so far is in the log or has failed. */
  async settled(): Promise<void> {
    if (this.collecting.size > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else await this.writing;
  }

  /** Writes what is collected now; resolves when nothing is left. */
  async drain(): Promise<void> {
    while (this.collecting.size > 0 || this.writing) {
      this.flush();
      await this.writing;
    }
  }

  dispose(): void {
    this.timer.dispose();
  }

  private flush(): void {
    this.timer.value = undefined;
    if (this.writing || this.collecting.size === 0) return;
    const batch = this.collecting;
    const waiting = this.waiting;
    this.collecting = new Map();
    this.collectedBytes = 0;
    this.waiting = [];
    this.writing = this.write(batch)
      .catch(reportUnexpectedError)
      .then(() => {
        this.writing = undefined;
        for (const resolve of waiting) resolve();
        // What came meanwhile has waited long enough.
        this.flush();
      });
  }

  private async write(batch: Batch): Promise<void> {
    const entries = [...batch];
    const failure = await this.append(entries);
    if (!failure) return;
    if (failure.code === 'full' || entries.length === 1) return reportFailure(entries, failure);
    // One damaged document must not take the others with it.
    for (const entry of entries) {
      const ownFailure = await this.append([entry]);
      if (ownFailure) reportFailure([entry], ownFailure);
    }
  }

  private async append(
    entries: readonly (readonly [CommitTarget, PendingUpdate[]])[],
  ): Promise<LogFailure | undefined> {
    const appends = entries.map(([target, updates]): DocumentAppend => ({
      key: target.key,
      epochWhenNew: target.epoch,
      updates,
    }));
    let results;
    try {
      results = await this.log.append(appends);
    } catch (error) {
      if (error instanceof LogFailure) return error;
      return new LogFailure('failed', 'The update log failed unexpectedly.', { cause: error });
    }
    for (const [index, [target, updates]] of entries.entries()) {
      const result = results[index];
      if (result) target.committed(updates, result);
    }
    return undefined;
  }
}

function reportFailure(entries: readonly (readonly [CommitTarget, PendingUpdate[]])[], failure: LogFailure): void {
  for (const [target, updates] of entries) target.failed(updates, failure);
}
