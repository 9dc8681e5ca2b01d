import { createHash } from 'node:crypto';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
} from '../../../shared/lifecycle/index.ts';
import type { RoomRequests } from '../../../shared/sync/administration/index.ts';
import {
  type BlobTransferOptions,
  downloadBlob,
  TransferLine,
  type TransferOutcome,
  uploadBlob,
} from '../../../shared/sync/blobs/index.ts';
import type { RoomSession } from '../../../shared/sync/index.ts';
import type { Outcome, TransfersState, WaitingTransfer } from '../../ipc/index.ts';
import type { BlobContents, BlobState, BlobUpload, BlobWish } from '../workspace/blob-contents.ts';
import { errnoOf } from '../workspace/workspace-error.ts';
import { type BlobCache, trimBlobs } from './blob-cache.ts';
import { type Direction, isWanted, type RefusedTransfer, type Transfer, TransferList } from './transfer-list.ts';

export interface BlobTransfersOptions {
  readonly requests: RoomRequests;
  readonly cache: BlobCache;
  readonly session: Pick<RoomSession, 'state' | 'onDidChangeState'>;
  readonly scheduler: Scheduler;
  /** Floats in [0, 1). */
  readonly random: () => number;
  /** What contents may take of this device's disk, those of other rooms too; 2 GiB if not given. */
  readonly maxCacheBytes?: number;
  /** As {@link BlobTransferOptions.pieceTimeoutMs}. */
  readonly pieceTimeoutMs?: number;
}

const AT_ONCE: Readonly<Record<Direction, number>> = { up: 2, down: 4 };
const MAX_CACHE_BYTES = 2 * 1024 * 1024 * 1024;
/** What did not work is tried again after this time, then after twice as long, or when the connection comes back. */
const RETRY_MS = 15_000;
const MAX_RETRY_MS = 2 * 60_000;
/** As `RETRY_MS`, where the relay has not got the content: whoever has it may be sending it. */
const NOT_THERE_MS = 2_000;
const TELL_MS = 200;
const AWAY = 'The relay cannot be reached now. It goes on by itself.';

/**
 * Contents of one room's files on their way between this device and the relay. What is broken off goes on where it was:
 * the relay knows what it has, and the cache what it has.
 */
export class BlobTransfers implements BlobContents, Disposable {
  private readonly options: BlobTransfersOptions;
  private readonly transferOptions: Omit<BlobTransferOptions, 'line'>;
  private readonly lines: Readonly<Record<Direction, TransferLine>>;
  private readonly disposables = new DisposableStore();
  private readonly settled = this.disposables.add(new Emitter<string>());
  private readonly changed = this.disposables.add(new Emitter<TransfersState>());
  private readonly retry = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly telling = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly list = new TransferList();
  /** Contents that the relay has as a whole, as far as this process knows. */
  private readonly uploaded = new Set<string>();
  private readonly refused = new Map<string, RefusedTransfer>();
  private retryAtMs: number | undefined;
  /** Waits for the next try since something has arrived. */
  private waits = 0;
  private trimming: Promise<void> | undefined;

  readonly onDidSettle = this.settled.event;
  /** Fires a few times a second while something is on its way, and at its end. */
  readonly onDidChange = this.changed.event;

  constructor(options: BlobTransfersOptions) {
    this.options = options;
    const { requests, scheduler, random, session, pieceTimeoutMs } = options;
    const sha256 = async (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    this.transferOptions = {
      requests,
      scheduler,
      random,
      sha256,
      ...(pieceTimeoutMs !== undefined && { pieceTimeoutMs }),
    };
    this.lines = { up: new TransferLine(scheduler), down: new TransferLine(scheduler) };
    this.disposables.add(
      session.onDidChangeState(({ kind }) => {
        this.tellSoon();
        if (kind !== 'online') return;
        // It may be another relay, or one that was restored from a backup.
        this.uploaded.clear();
        this.waits = 0;
        for (const line of Object.values(this.lines)) line.reset();
        this.goOn();
      }),
    );
  }

  get state(): TransfersState {
    const { retryAtMs: nextTryAtMs } = this;
    const refused = [...this.refused.values()].filter(({ transfer }) => isWanted(transfer));
    return this.list.describe({ refused, isAway: this.describeAway(), nextTryAtMs });
  }

  upload(upload: BlobUpload): BlobState {
    const { blob } = upload;
    if (this.uploaded.has(blob)) return { kind: 'there' };
    return this.want('up', blob, upload);
  }

  fetch(wish: BlobWish): BlobState {
    if (this.options.cache.has(wish.blob)) return { kind: 'there' };
    return this.want('down', wish.blob, wish);
  }

  /** Whether a content is on this device. */
  has(blob: string): boolean {
    return this.options.cache.has(blob);
  }

  read(blob: string): AsyncIterable<Uint8Array> {
    return this.options.cache.read(blob);
  }

  retryRefused(): void {
    this.refused.clear();
    this.goOn();
  }

  /** Brings a content to this device for somebody who waits for it. */
  async bring(wish: BlobWish): Promise<Outcome<boolean>> {
    const { session } = this.options;
    const look = (): Outcome<boolean> | undefined => {
      const state = this.fetch(wish);
      if (state.kind === 'there') return { ok: true, value: true };
      if (state.kind === 'refused') return { ok: false, explanation: state.explanation };
      if (!wish.isWanted()) return { ok: false, explanation: 'The file has another content by now.' };
      if (session.state.kind === 'online') return state.trouble === undefined ? undefined : refuse(state.trouble);
      return refuse('The file is not on this device, and the relay cannot be reached now. Try again when online.');
    };
    const first = look();
    if (first) return first;
    const waiting = new DisposableStore();
    const { promise, resolve } = Promise.withResolvers<Outcome<boolean>>();
    const lookAgain = () => {
      const outcome = this.disposables.isDisposed ? refuse<boolean>('The room was closed.') : look();
      if (outcome) resolve(outcome);
    };
    waiting.add(this.settled.event((blob) => blob === wish.blob && lookAgain()));
    waiting.add(session.onDidChangeState(lookAgain));
    this.disposables.add(waiting);
    try {
      return await promise;
    } finally {
      this.disposables.delete(waiting);
      waiting.dispose();
    }
  }

  /** What is under way ends at its next step. */
  dispose(): void {
    this.disposables.dispose();
  }

  private want(direction: Direction, blob: string, wish: BlobWish | BlobUpload): BlobState {
    const refused = this.refused.get(keyOf(direction, blob));
    if (refused) {
      refused.transfer.wishes.set(wish.fileId, wish);
      return { kind: 'refused', explanation: refused.explanation };
    }
    const transfer = this.list.add(direction, blob, wish);
    // Not in the midst of what the caller does.
    queueMicrotask(() => this.pump());
    this.tellSoon();
    return transfer.trouble === undefined ? { kind: 'waits' } : { kind: 'waits', trouble: transfer.trouble };
  }

  private goOn(): void {
    this.retry.value = undefined;
    this.retryAtMs = undefined;
    for (const transfer of this.list.all) transfer.resting = undefined;
    this.pump();
  }

  private pump(): void {
    if (this.disposables.isDisposed || this.options.session.state.kind !== 'online') return;
    for (const direction of ['up', 'down'] as const) {
      for (const transfer of this.list.startable(direction, AT_ONCE[direction])) {
        transfer.isRunning = true;
        this.run(transfer).catch(reportUnexpectedError);
      }
    }
  }

  private async run(transfer: Transfer): Promise<void> {
    const { direction, blob } = transfer;
    const release = this.options.cache.use(blob);
    let outcome: TransferOutcome;
    try {
      outcome = await (direction === 'up' ? this.send(transfer) : this.receive(transfer));
    } catch (error) {
      outcome = { kind: 'failed', reason: 'unavailable', explanation: explainDisk(error) };
      transfer.trouble = outcome.explanation;
    } finally {
      release();
      transfer.isRunning = false;
    }
    if (this.disposables.isDisposed) return;
    this.finish(transfer, outcome);
    this.tellSoon();
    this.pump();
  }

  private finish(transfer: Transfer, outcome: TransferOutcome): void {
    const { direction, blob } = transfer;
    // Somebody else may have come to want it meanwhile.
    if (outcome.kind === 'cancelled' && isWanted(transfer)) return;
    if (outcome.kind === 'failed' && isWanted(transfer) && this.keepTrying(transfer, outcome)) return;
    if (outcome.kind === 'done' && direction === 'up') this.uploaded.add(blob);
    this.list.remove(transfer, outcome.kind === 'done');
    this.settled.fire(blob);
    if (outcome.kind === 'done') void this.trim();
  }

  /** Whether it is tried again by itself. */
  private keepTrying(transfer: Transfer, outcome: Extract<TransferOutcome, { kind: 'failed' }>): boolean {
    const { direction, blob } = transfer;
    const { reason, explanation } = outcome;
    // The file on disk has changed: whoever wants it sent looks at it again.
    if (reason === 'changed' && direction === 'up') return false;
    if (reason === 'refused' || (reason === 'not-there' && direction === 'up')) {
      for (const [key, other] of this.refused) if (!isWanted(other.transfer)) this.refused.delete(key);
      this.refused.set(keyOf(direction, blob), { transfer, explanation });
      return false;
    }
    const trouble = reason === 'unavailable' ? transfer.trouble : explanation;
    const isNews = trouble !== transfer.toldTrouble;
    transfer.trouble = trouble;
    transfer.toldTrouble = trouble;
    transfer.resting = explanation;
    if (transfer.doneBytes > transfer.restedAtBytes) this.waits = 0;
    transfer.restedAtBytes = transfer.doneBytes;
    this.retryLater(reason === 'not-there' ? NOT_THERE_MS : RETRY_MS);
    if (isNews) this.settled.fire(blob);
    return true;
  }

  private retryLater(firstMs: number): void {
    if (this.retry.value) return;
    const { scheduler } = this.options;
    const delayMs = Math.min(MAX_RETRY_MS, firstMs * 2 ** this.waits++);
    this.retryAtMs = scheduler.now() + delayMs;
    this.retry.value = scheduler.schedule(() => this.goOn(), delayMs);
  }

  /** Why nothing goes on; undefined when it does. */
  private describeAway(): WaitingTransfer | undefined {
    const { session, scheduler } = this.options;
    const { state } = session;
    switch (state.kind) {
      case 'online':
        return undefined;
      case 'reconnecting':
        return { reason: AWAY, nextTryAtMs: scheduler.now() + state.nextTryAtMs - scheduler.elapsedMs() };
      case 'ended':
        return { reason: state.explanation, nextTryAtMs: undefined };
      case 'connecting':
      case 'catching-up':
        return { reason: AWAY, nextTryAtMs: undefined };
    }
  }

  private async send(transfer: Transfer): Promise<TransferOutcome> {
    const { cache } = this.options;
    const { blob } = transfer;
    if (!cache.has(blob) && !(await this.stage(transfer))) {
      return { kind: 'failed', reason: 'changed', explanation: 'The file was changed before it was sent.' };
    }
    const source = await cache.open(blob);
    try {
      transfer.trouble = undefined;
      return await uploadBlob(this.optionsOf('up'), blob, source, this.watch(transfer));
    } finally {
      await source.close();
    }
  }

  /** Other programs may write to the file at any time: what is sent is a copy. */
  private async stage(transfer: Transfer): Promise<boolean> {
    for (const { open } of transfer.sources) {
      const file = await open();
      if (!file) continue;
      try {
        if (await this.options.cache.take(transfer.blob, file)) return true;
      } finally {
        await file.close();
      }
    }
    return false;
  }

  private async receive(transfer: Transfer): Promise<TransferOutcome> {
    const { cache } = this.options;
    const { blob } = transfer;
    if (cache.has(blob)) return { kind: 'done' };
    const partial = await cache.begin(blob);
    let outcome: TransferOutcome | undefined;
    try {
      outcome = await downloadBlob(this.optionsOf('down'), blob, partial, this.watch(transfer), transfer.incoming);
      transfer.trouble = undefined;
      if (outcome.kind === 'done') await partial.keep();
      return outcome;
    } finally {
      const isUseless = outcome?.kind === 'failed' && outcome.reason !== 'unavailable';
      await (isUseless ? partial.discard() : partial.close());
    }
  }

  private optionsOf(direction: Direction): BlobTransferOptions {
    return { ...this.transferOptions, line: this.lines[direction] };
  }

  private watch(transfer: Transfer) {
    return {
      isCancelled: () => this.disposables.isDisposed || !isWanted(transfer),
      onProgress: ({ doneBytes, totalBytes }: { readonly doneBytes: number; readonly totalBytes: number }) => {
        transfer.doneBytes = doneBytes;
        transfer.totalBytes = totalBytes;
        this.tellSoon();
      },
    };
  }

  private trim(): Promise<void> {
    const { cache, scheduler, maxCacheBytes = MAX_CACHE_BYTES } = this.options;
    this.trimming ??= trimBlobs(cache, maxCacheBytes, scheduler.now())
      .catch(reportUnexpectedError)
      .finally(() => (this.trimming = undefined));
    return this.trimming;
  }

  private tellSoon(): void {
    if (this.disposables.isDisposed) return;
    this.telling.value ??= this.options.scheduler.schedule(() => {
      this.telling.value = undefined;
      this.changed.fire(this.state);
    }, TELL_MS);
  }
}

function keyOf(direction: Direction, blob: string): string {
  return `${direction} ${blob}`;
}

function refuse<T>(explanation: string): Outcome<T> {
  return { ok: false, explanation };
}

function explainDisk(error: unknown): string {
  if (['ENOSPC', 'EDQUOT'].includes(errnoOf(error))) {
    return 'The disk of this device is full. Free some space: it is tried again by itself.';
  }
  return `This device could not keep the file for the transfer: ${error instanceof Error ? error.message : String(error)}`;
}
