import {
  type Disposable,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
} from '../../shared/lifecycle/index.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { DocumentAppend, DocumentAppended, DocumentKey, UpdateLog } from '../log/update-log.ts';
import { Outbox, type PendingUpdate } from './outbox.ts';
import { ownBytes } from './own-bytes.ts';
import { TokenBucket } from './token-bucket.ts';

export type { PendingUpdate } from './outbox.ts';

/** How long updates are collected. A commit costs the same for few and for many, so that a steady stream waits longer. */
const COLLECT_MS = 3;
const STREAM_COLLECT_MS = 20;
/** Commits after the shorter time. */
const PROMPT_COMMITS = { capacity: 20, refillPerSecond: 10 };
const FULL_BATCH_BYTES = 256 * 1024;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 1_000;

/** What may wait for the log on this node. Beyond it updates are refused. */
export interface CommitLimits {
  readonly maxBytes: number;
  /** Of one document, so that a single one does not use up the room of all. */
  readonly maxDocumentBytes: number;
  /** How long an update waits while the log cannot be reached. */
  readonly maxWaitMs: number;
}

export const DEFAULT_COMMIT_LIMITS: CommitLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxDocumentBytes: 32 * 1024 * 1024,
  maxWaitMs: 15_000,
};

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
  /** None of `updates` is stored, unless the failure is `busy`: then it is unknown. */
  failed(updates: readonly PendingUpdate[], failure: LogFailure): void;
}

interface BatchEntry {
  readonly target: CommitTarget;
  readonly outbox: Outbox;
  readonly updates: readonly PendingUpdate[];
}

/**
 * Collects the updates of all documents of the process and writes them to the log: in one commit for all when the log
 * takes one append at a time, else in several beside each other, so that no document waits for another. While the log
 * cannot be reached, updates wait here, within limits.
 */
export class GroupCommit implements Disposable {
  private readonly log: Pick<UpdateLog, 'append' | 'maxConcurrentAppends'>;
  private readonly scheduler: Scheduler;
  private readonly limits: CommitLimits;
  private readonly promptCommits: TokenBucket;
  private readonly timer = new MutableDisposable<Disposable>();
  private dueAtMs = 0;
  /** Something has waited its time and found the log busy. */
  private isOverdue = false;
  private readonly retryTimer = new MutableDisposable<Disposable>();
  /** Of the documents that wait or are being written. Those that have waited longest come first. */
  private readonly outboxes = new Map<CommitTarget, Outbox>();
  private byteLength = 0;
  private collectedBytes = 0;
  private appends = 0;
  private retryMs = FIRST_RETRY_MS;

  constructor(
    log: Pick<UpdateLog, 'append' | 'maxConcurrentAppends'>,
    scheduler: Scheduler,
    limits: CommitLimits = DEFAULT_COMMIT_LIMITS,
  ) {
    this.log = log;
    this.scheduler = scheduler;
    this.limits = limits;
    this.promptCommits = new TokenBucket(PROMPT_COMMITS, scheduler);
  }

  /** The target hears of the update exactly once, possibly before this returns. */
  enqueue(target: CommitTarget, update: PendingUpdate): void {
    const { byteLength } = update.payload;
    const isOver = this.byteLength + byteLength > this.limits.maxBytes;
    if (isOver || (this.outboxes.get(target)?.byteLength ?? 0) + byteLength > this.limits.maxDocumentBytes) {
      return target.failed([update], new LogFailure('busy', explainOverflow(target.key, isOver)));
    }
    let outbox = this.outboxes.get(target);
    if (!outbox) this.outboxes.set(target, (outbox = new Outbox()));
    // It may wait for long.
    const payload = ownBytes(update.payload);
    outbox.add(payload === update.payload ? update : { ...update, payload }, this.scheduler.elapsedMs());
    this.byteLength += byteLength;
    this.collectedBytes += byteLength;
    if (this.collectedBytes >= FULL_BATCH_BYTES) this.flush();
    else if (!this.timer.value) this.flushAfter(this.promptCommits.take(1) ? COLLECT_MS : STREAM_COLLECT_MS);
  }

  /** Resolves once everything enqueued so far, or what `target` has enqueued, is in the log or has failed. */
  async settled(target?: CommitTarget): Promise<void> {
    const outbox = target && this.outboxes.get(target);
    // Somebody waits for it.
    if (outbox && !outbox.isEmpty) this.hasten();
    if (target) await outbox?.settled();
    else await Promise.all([...this.outboxes.values()].map((outbox) => outbox.settled()));
  }

  /** Writes what is collected now; resolves when nothing is left, in the log or failed. */
  async drain(): Promise<void> {
    while (this.outboxes.size > 0) {
      this.flush();
      await this.settled();
    }
  }

  dispose(): void {
    this.timer.dispose();
    this.retryTimer.dispose();
  }

  private flushAfter(delayMs: number): void {
    this.dueAtMs = this.scheduler.elapsedMs() + delayMs;
    this.timer.value = this.scheduler.schedule(() => this.flush(), delayMs);
  }

  private hasten(): void {
    if (this.timer.value && this.dueAtMs > this.scheduler.elapsedMs() + COLLECT_MS) this.flushAfter(COLLECT_MS);
  }

  private flush(): void {
    this.timer.value = undefined;
    this.collectedBytes = 0;
    this.isOverdue = false;
    // What waits for another attempt goes first, and all at its time.
    if (this.retryTimer.value) return;
    let ready = [...this.outboxes].filter(([, outbox]) => outbox.isReady);
    for (let free = this.log.maxConcurrentAppends - this.appends; free > 0 && ready.length > 0; free--) {
      const batch = takeBatch(ready, Math.ceil(ready.length / free));
      ready = ready.slice(batch.length);
      this.appends++;
      this.write(batch).catch(reportUnexpectedError);
    }
    this.isOverdue = [...this.outboxes.values()].some((outbox) => outbox.isWaiting);
  }

  private async write(batch: readonly BatchEntry[]): Promise<void> {
    const outcome = await this.append(batch);
    const wereAllBusy = this.appends === this.log.maxConcurrentAppends;
    this.appends--;
    if (!(outcome instanceof LogFailure)) {
      this.retryMs = FIRST_RETRY_MS;
      for (const [index, entry] of batch.entries()) {
        const result = outcome[index];
        entry.outbox.noteSuccess();
        if (result) this.end(entry, () => entry.target.committed(entry.updates, result));
      }
    } else this.fail(batch, outcome);
    const isOwnWaiting = batch.some(({ outbox }) => outbox.isReady);
    // What came meanwhile has waited long enough, unless all of it is still being collected.
    if ((wereAllBusy || isOwnWaiting) && (this.isOverdue || !this.timer.value)) this.flush();
  }

  private async append(batch: readonly BatchEntry[]): Promise<readonly DocumentAppended[] | LogFailure> {
    const appends = batch.map(({ target, updates }): DocumentAppend => ({
      key: target.key,
      epochWhenNew: target.epoch,
      updates,
    }));
    try {
      return await this.log.append(appends);
    } catch (error) {
      if (error instanceof LogFailure) return error;
      return new LogFailure('failed', 'The update log failed unexpectedly.', { cause: error });
    }
  }

  private fail(batch: readonly BatchEntry[], failure: LogFailure): void {
    if (failure.code === 'busy') {
      for (const { outbox } of batch) outbox.putBack();
      this.giveUpExpired(failure);
      if (this.outboxes.size > 0) this.scheduleRetry();
    } else if (failure.code === 'full' || batch.length === 1) {
      for (const entry of batch) this.end(entry, () => entry.target.failed(entry.updates, failure));
    } else {
      // One damaged document must not take the others with it.
      for (const { outbox } of batch) outbox.putBack();
    }
  }

  private giveUpExpired(failure: LogFailure): void {
    const limitMs = this.scheduler.elapsedMs() - this.limits.maxWaitMs;
    for (const [target, outbox] of [...this.outboxes]) {
      const updates = outbox.takeExpired(limitMs);
      if (updates.length > 0) this.end({ target, outbox, updates }, () => target.failed(updates, failure));
    }
  }

  private scheduleRetry(): void {
    this.retryTimer.value ??= this.scheduler.schedule(() => {
      this.retryTimer.value = undefined;
      this.flush();
    }, this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
  }

  /** Forgets updates of an outbox and tells their target. */
  private end({ target, outbox, updates }: BatchEntry, tell: () => void): void {
    for (const { payload } of updates) this.byteLength -= payload.byteLength;
    outbox.end(updates);
    // To the end of the line, or out of it.
    this.outboxes.delete(target);
    if (!outbox.isEmpty) this.outboxes.set(target, outbox);
    try {
      tell();
    } catch (error) {
      reportUnexpectedError(error);
    }
    outbox.resolveSettled();
  }
}

/** Takes up to `maxDocuments` from the front of `ready`, fewer when they are large. At least one. */
function takeBatch(ready: readonly (readonly [CommitTarget, Outbox])[], maxDocuments: number): BatchEntry[] {
  const batch: BatchEntry[] = [];
  let byteLength = 0;
  for (const [target, outbox] of ready.slice(0, maxDocuments)) {
    const isTooMuch = outbox.isAlone || byteLength + outbox.byteLength > FULL_BATCH_BYTES;
    if (batch.length > 0 && isTooMuch) break;
    byteLength += outbox.byteLength;
    batch.push({ target, outbox, updates: outbox.take(FULL_BATCH_BYTES) });
    if (outbox.isAlone) break;
  }
  return batch;
}

function explainOverflow({ document, room }: DocumentKey, isOfAll: boolean): string {
  const what = isOfAll ? 'of this relay' : `of the document ${document} in room ${room}`;
  return `The database does not keep up: too many edits ${what} wait for it. Edits are refused until it has caught up.`;
}
