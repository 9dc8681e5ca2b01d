import { type Disposable, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import { Backoff } from './backoff.ts';
import type { DocumentStore, StoredDocument, SyncCursor } from './offline-store.ts';

/** The cursor is saved so long after it moved, so that a stream of updates costs few writes. */
const CURSOR_DELAY_MS = 500;

type Write =
  | { readonly kind: 'local'; readonly payload: Uint8Array; readonly onStored: (localId: number) => void }
  | { readonly kind: 'remote'; readonly payload: Uint8Array }
  | { readonly kind: 'acked'; readonly localId: number }
  | { readonly kind: 'task'; readonly run: () => Promise<void> };

interface NumberedWrite {
  readonly number: number;
  readonly write: Write;
}

export interface ReplicaStoreOptions {
  readonly store: DocumentStore;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  /** A write failed; it is kept in memory and tried again. */
  readonly onFailure: (error: unknown) => void;
  /** What failed before is written now. */
  readonly onRecovery: () => void;
  /** Everything through the cursor is stored on this device. */
  readonly onCursorSaved: (cursor: SyncCursor) => void;
}

/**
 * Writes one replica's updates to its store in order, tries failed writes again, and saves the cursor only after them. While
 * nothing fails, a write is handed to the store before the call returns: what somebody else writes to the same file
 * afterwards is not kept without it.
 */
export class ReplicaStore {
  private readonly options: ReplicaStoreOptions;
  private readonly backoff: Backoff;
  private readonly retry = new MutableDisposable<Disposable>();
  private readonly cursorTimer = new MutableDisposable<Disposable>();
  /** In the order in which they were asked for. */
  private queue: NumberedWrite[] = [];
  /** Batches that were handed to the store. */
  private readonly underWay = new Set<Promise<void>>();
  private lastNumber = 0;
  private cursor: SyncCursor | undefined;
  private isLoaded = false;
  private hasFailed = false;
  private isClosing = false;

  constructor(options: ReplicaStoreOptions) {
    this.options = options;
    this.backoff = new Backoff(options.random);
  }

  /** Rejects when the document cannot be read; nothing is written then. */
  async load(): Promise<StoredDocument> {
    const stored = await this.options.store.load();
    this.isLoaded = true;
    this.writeSoon();
    return stored;
  }

  appendLocal(payload: Uint8Array, onStored: (localId: number) => void): void {
    this.enqueue({ kind: 'local', payload, onStored });
  }

  appendRemote(payload: Uint8Array): void {
    this.enqueue({ kind: 'remote', payload });
  }

  markAcked(localId: number): void {
    this.enqueue({ kind: 'acked', localId });
  }

  /** Runs `task` in its turn; again, when it rejects. */
  enqueueTask(run: () => Promise<void>): void {
    this.enqueue({ kind: 'task', run });
  }

  /** Everything that the cursor covers must have been appended before. */
  saveCursor(cursor: SyncCursor): void {
    this.cursor = cursor;
    if (this.cursorTimer.value) return;
    this.cursorTimer.value = this.options.scheduler.schedule(() => {
      this.cursorTimer.value = undefined;
      this.writeSoon();
    }, CURSOR_DELAY_MS);
  }

  /** Writes what is left and closes the store. Rejects when something could not be written. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.cursorTimer.dispose();
    this.retry.dispose();
    await this.whenReturned();
    if (this.isLoaded && this.queue.length > 0) await this.writeBatch(this.queue.splice(0));
    if (this.isLoaded && this.queue.length === 0) await this.writeCursor();
    await this.options.store.close();
    if (this.queue.length > 0 && this.isLoaded) throw new Error(`${this.queue.length} updates could not be stored`);
  }

  /** Whether the last write succeeded: false while what fails is being tried again, and what comes waits behind it. */
  get canKeep(): boolean {
    return !this.hasFailed;
  }

  /** Resolves when nothing waits to be written, or writing fails for the time being. */
  async whenIdle(): Promise<void> {
    while (this.isLoaded && !this.hasFailed && !this.isClosing && (this.underWay.size > 0 || this.queue.length > 0)) {
      this.writeSoon();
      await this.whenReturned();
    }
  }

  private enqueue(write: Write): void {
    this.queue.push({ number: ++this.lastNumber, write });
    this.writeSoon();
  }

  private writeSoon(): void {
    const isNothingDue = this.queue.length === 0 && (!this.cursor || this.cursorTimer.value);
    if (isNothingDue || !this.isLoaded || this.isClosing || this.retry.value) return;
    const writing = this.write(this.queue.splice(0)).finally(() => this.underWay.delete(writing));
    this.underWay.add(writing);
  }

  private async write(batch: readonly NumberedWrite[]): Promise<void> {
    if (batch.length > 0) await this.writeBatch(batch);
    // Others will see to it.
    const isLast = this.underWay.size <= 1 && this.queue.length === 0;
    if (isLast && !this.isClosing && !this.cursorTimer.value && !this.retry.value) await this.writeCursor();
  }

  private async whenReturned(): Promise<void> {
    await Promise.all(this.underWay);
  }

  private async writeCursor(): Promise<void> {
    const { cursor } = this;
    if (!cursor) return;
    this.cursor = undefined;
    try {
      await this.options.store.saveCursor(cursor);
      this.options.onCursorSaved(cursor);
      if (this.queue.length === 0) this.succeeded();
    } catch (error) {
      this.cursor ??= cursor;
      this.failed(error);
    }
  }

  /** What fails is queued again. */
  private async writeBatch(batch: readonly NumberedWrite[]): Promise<void> {
    const results = await Promise.allSettled(batch.map(({ write }) => this.perform(write)));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) {
      const failed = batch.filter((_, index) => results[index]?.status === 'rejected');
      this.queue = [...failed, ...this.queue].sort((a, b) => a.number - b.number);
      this.failed(failure.reason);
    } else if (this.queue.length === 0) this.succeeded();
  }

  private async perform(write: Write): Promise<void> {
    const { store } = this.options;
    if (write.kind === 'local') write.onStored(await store.appendLocal(write.payload));
    else if (write.kind === 'remote') await store.appendRemote(write.payload);
    else if (write.kind === 'acked') await store.markAcked(write.localId);
    else await write.run();
  }

  private succeeded(): void {
    if (!this.hasFailed) return;
    this.hasFailed = false;
    this.backoff.reset();
    this.options.onRecovery();
  }

  private failed(error: unknown): void {
    if (!this.hasFailed) this.options.onFailure(error);
    this.hasFailed = true;
    this.retry.value = this.options.scheduler.schedule(() => {
      this.retry.value = undefined;
      this.writeSoon();
    }, 1000 + this.backoff.nextDelayMs());
  }
}
