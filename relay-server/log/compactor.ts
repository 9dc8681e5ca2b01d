import { type Disposable, errorMessage, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import { compactDocument, type CreateSnapshot } from './compact-document.ts';
import { LogFailure } from './log-failure.ts';
import { OutdatedSnapshots } from './outdated-snapshots.ts';
import { repairCommand } from './repair-command-line.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { SnapshotThreads } from './snapshot-threads.ts';
import type { DocumentKey, DocumentRecord, UpdateLog } from './update-log.ts';

export interface CompactionOptions {
  /** A snapshot is made when so many updates, or bytes of them, came after the last one. */
  readonly afterUpdates: number;
  readonly afterBytes: number;
  /** A document that rests is compacted earlier, so that it opens quickly; left out: it is not. */
  readonly atRest?: { readonly afterUpdates: number; readonly restMs: number };
  /** How long a document that has grown waits, so that what has just come is first sent to everybody; 0 unless given. */
  readonly delayMs?: number;
  /** Snapshots that are made at once. Large documents leave at least one place to others, unless there is only one. */
  readonly maxConcurrent?: number;
  /** How long a snapshot stays that was replaced. */
  readonly graceMs?: number;
  /** In threads of its own, when left out. */
  readonly createSnapshot?: CreateSnapshot;
}

interface CompactorServices {
  readonly log: UpdateLog;
  readonly snapshots: SnapshotStore;
  readonly scheduler: Scheduler;
  /** Whether objects may be removed now; when left out, they always may. */
  readonly mayRemove?: () => boolean;
  readonly reportProblem: (error: unknown) => void;
}

/** A document that cannot be compacted. It is read from its log, and tried again only when it has grown well beyond. */
interface Quarantine {
  readonly headSeq: number;
  /** In a row. */
  readonly failures: number;
}

/** The growth that an attempt is about. */
interface Noted {
  readonly updates: number;
  readonly bytes: number;
}

interface Growing {
  readonly key: DocumentKey;
  /** Since the last snapshot, or the last attempt at one. */
  updates: number;
  bytes: number;
  grownAtMs: number;
  /** Looks whether it rests. */
  readonly rest: MutableDisposable<Disposable>;
  /** So many updates make an attempt worthwhile. */
  threshold: number;
  /** It waits for its turn, for its time, or is at work. */
  isBusy: boolean;
  isLarge: boolean;
  quarantine: Quarantine | undefined;
  /** Failures of the stores in a row. */
  storeFailures: number;
  readonly retry: MutableDisposable<Disposable>;
}

const MAX_CONCURRENT = 2;
const GRACE_MS = 10 * 60_000;
const LARGE_BYTES = 8 * 1024 * 1024;
const MAX_DOUBLINGS = 10;
const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 10 * 60_000;

/**
 * Makes snapshots of documents that have grown. The log keeps all of its rows. One that cannot be compacted is reported
 * once and hurts no other; after a failure of the stores it is tried again later. Disposing ends those under way.
 */
export class Compactor implements Disposable {
  private readonly services: CompactorServices;
  private readonly options: CompactionOptions;
  private readonly threads: SnapshotThreads;
  private readonly outdated: OutdatedSnapshots;
  private readonly growing = new Map<string, Growing>();
  private readonly waiting: Growing[] = [];
  private readonly running = new Map<Growing, Promise<void>>();
  private readonly disposal = new AbortController();
  private isStoreFailing = false;

  constructor(services: CompactorServices, options: CompactionOptions) {
    this.services = services;
    this.options = options;
    this.threads = new SnapshotThreads({ scheduler: services.scheduler });
    this.outdated = new OutdatedSnapshots(services, options.graceMs ?? GRACE_MS);
  }

  noteGrowth(key: DocumentKey, updates: number, bytes: number): void {
    if (this.isDisposed) return;
    const growing = this.growingOf(key);
    growing.updates += updates;
    growing.bytes += bytes;
    growing.grownAtMs = this.services.scheduler.elapsedMs();
    if (!growing.isBusy && this.isDue(growing)) this.enqueueSoon(growing);
    else this.watchRest(growing);
  }

  private enqueueSoon(growing: Growing): void {
    const { delayMs = 0 } = this.options;
    if (delayMs === 0) return this.enqueue(growing);
    growing.isBusy = true;
    growing.retry.value = this.services.scheduler.schedule(() => {
      growing.retry.value = undefined;
      this.enqueue(growing);
    }, delayMs);
  }

  private watchRest(growing: Growing): void {
    const { atRest } = this.options;
    const { scheduler } = this.services;
    if (!atRest || growing.rest.value) return;
    const leftMs = growing.grownAtMs + atRest.restMs - scheduler.elapsedMs();
    growing.rest.value = scheduler.schedule(
      () => {
        growing.rest.value = undefined;
        if (growing.isBusy || growing.quarantine || growing.updates < atRest.afterUpdates) return;
        if (scheduler.elapsedMs() - growing.grownAtMs < atRest.restMs) return this.watchRest(growing);
        this.enqueue(growing, atRest.afterUpdates);
      },
      Math.max(1, leftMs),
    );
  }

  /** Resolves when nothing is being compacted or removed; what is tried again later is not waited for. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
    await this.outdated.settled();
  }

  private get isDisposed(): boolean {
    return this.disposal.signal.aborted;
  }

  private growingOf(key: DocumentKey): Growing {
    const name = nameOf(key);
    let growing = this.growing.get(name);
    if (!growing) {
      const retry = new MutableDisposable<Disposable>();
      growing = {
        key,
        updates: 0,
        bytes: 0,
        grownAtMs: 0,
        rest: new MutableDisposable<Disposable>(),
        threshold: this.options.afterUpdates,
        isBusy: false,
        isLarge: false,
        quarantine: undefined,
        storeFailures: 0,
        retry,
      };
      this.growing.set(name, growing);
    }
    return growing;
  }

  private isDue({ updates, bytes, quarantine }: Growing): boolean {
    const factor = backoffOf(quarantine);
    return updates >= this.options.afterUpdates * factor || bytes >= this.options.afterBytes * factor;
  }

  private enqueue(growing: Growing, threshold = this.options.afterUpdates): void {
    growing.isBusy = true;
    growing.threshold = threshold;
    this.waiting.push(growing);
    this.startNext();
  }

  private startNext(): void {
    const maxConcurrent = this.options.maxConcurrent ?? MAX_CONCURRENT;
    const maxLarge = Math.max(1, maxConcurrent - 1);
    while (this.running.size < maxConcurrent && !this.isDisposed) {
      const isLargeFree = [...this.running.keys()].filter(({ isLarge }) => isLarge).length < maxLarge;
      const index = this.waiting.findIndex(({ isLarge }) => isLargeFree || !isLarge);
      const [growing] = index < 0 ? [] : this.waiting.splice(index, 1);
      if (!growing) return;
      const work = this.run(growing).finally(() => {
        this.running.delete(growing);
        this.startNext();
      });
      this.running.set(growing, work);
    }
  }

  private async run(growing: Growing): Promise<void> {
    const noted: Noted = { updates: growing.updates, bytes: growing.bytes };
    let record: DocumentRecord | undefined;
    try {
      record = await this.services.log.readDocument(growing.key);
      if (!record || !this.isWorthwhile(growing, record)) return this.skip(growing, noted, record);
      if (!growing.isLarge && noted.bytes + (record.snapshot?.byteLength ?? 0) > LARGE_BYTES) {
        // It waits again, for one of the places that large ones may take.
        growing.isLarge = true;
        this.waiting.unshift(growing);
        return;
      }
      await this.compact(growing.key, record);
      this.isStoreFailing = false;
      growing.quarantine = undefined;
      this.finish(growing, noted);
    } catch (error) {
      if (this.isDisposed) return;
      if (error instanceof LogFailure && error.code !== 'corrupted') this.retryLater(growing, error);
      else if (record && (await this.isOvertaken(growing.key, record))) this.retryLater(growing, undefined);
      else this.quarantine(growing, noted, record, error);
    }
  }

  /** Another process may have made a snapshot meanwhile; one in quarantine must have grown, and not just been opened again. */
  private isWorthwhile(growing: Growing, { headSeq, snapshot }: DocumentRecord): boolean {
    const { updates, bytes, quarantine, threshold } = growing;
    const tail = headSeq - (snapshot?.seq ?? 0);
    if (tail <= 0) return false;
    const factor = backoffOf(quarantine);
    if (bytes >= this.options.afterBytes * factor) return headSeq > (quarantine?.headSeq ?? 0);
    return Math.min(tail, updates, headSeq - (quarantine?.headSeq ?? 0)) >= threshold * factor;
  }

  private skip(growing: Growing, noted: Noted, record: DocumentRecord | undefined): void {
    // What is beyond the snapshot of another process counts for the next one.
    if (record && !growing.quarantine) growing.updates += record.headSeq - (record.snapshot?.seq ?? 0);
    this.finish(growing, noted);
  }

  private async compact(key: DocumentKey, record: DocumentRecord): Promise<void> {
    const createSnapshot = this.options.createSnapshot ?? ((pages, signal) => this.threads.create(pages, signal));
    const result = await compactDocument(this.services, key, record, createSnapshot, this.disposal.signal);
    if (result.kind === 'moved') this.outdated.noteMoved(key, result.pointer, record.snapshot);
  }

  private finish(growing: Growing, noted: Noted): void {
    growing.isBusy = false;
    growing.isLarge = false;
    growing.storeFailures = 0;
    growing.updates -= noted.updates;
    growing.bytes -= noted.bytes;
    if (this.isDue(growing)) this.enqueue(growing);
    else if (growing.updates === 0 && !growing.quarantine) this.forget(growing);
    else this.watchRest(growing);
  }

  private forget(growing: Growing): void {
    growing.rest.dispose();
    this.growing.delete(nameOf(growing.key));
  }

  private async isOvertaken(key: DocumentKey, record: DocumentRecord): Promise<boolean> {
    // When it cannot be read, what is known already is reported.
    const fresh = await this.services.log.readDocument(key).catch(() => undefined);
    return fresh !== undefined && fresh.snapshot?.snapshotId !== record.snapshot?.snapshotId;
  }

  private retryLater(growing: Growing, failure: LogFailure | undefined): void {
    if (failure && !this.isStoreFailing && growing.storeFailures === 0) this.services.reportProblem(failure);
    this.isStoreFailing ||= failure !== undefined;
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** growing.storeFailures++, MAX_RETRY_MS);
    growing.retry.value = this.services.scheduler.schedule(() => {
      growing.retry.value = undefined;
      this.enqueue(growing);
    }, delayMs);
  }

  private quarantine(growing: Growing, noted: Noted, record: DocumentRecord | undefined, error: unknown): void {
    const failures = (growing.quarantine?.failures ?? 0) + 1;
    growing.quarantine = { headSeq: record?.headSeq ?? 0, failures };
    if (failures === 1) this.services.reportProblem(explain(growing.key, error));
    this.finish(growing, noted);
  }

  dispose(): void {
    this.disposal.abort();
    this.waiting.length = 0;
    for (const { retry, rest } of this.growing.values()) {
      retry.dispose();
      rest.dispose();
    }
    this.growing.clear();
    this.threads.dispose();
    this.outdated.dispose();
  }
}

function nameOf({ tenant, room, document }: DocumentKey): string {
  return JSON.stringify([tenant, room, document]);
}

function backoffOf(quarantine: Quarantine | undefined): number {
  return 2 ** Math.min(quarantine?.failures ?? 0, MAX_DOUBLINGS);
}

function explain(key: DocumentKey, error: unknown): LogFailure {
  const { room, document } = key;
  const reason = errorMessage(error);
  return new LogFailure(
    'corrupted',
    `No snapshot can be made of the document ${document} in room ${room}: ${reason} ` +
      `It is read from its log, and tried again when it has grown much. ` +
      `The command "${repairCommand(key)}" says whether something in it is damaged.`,
    { cause: error },
  );
}
