import { type Disposable, errorMessage, MutableDisposable } from '../../shared/lifecycle/index.ts';
import { archiveSegment, type ArchiveServices } from './archive-segment.ts';
import { LogFailure } from './log-failure.ts';
import { repairCommand } from './repair-command-line.ts';
import type { ArchiveCandidate } from './segment-index.ts';

export interface ArchiveOptions {
  /** So many of a document's newest updates stay in the database. */
  readonly keptUpdates: number;
  /** Updates stay in the database for so long. */
  readonly keptMs: number;
  /** So many updates make a segment; with fewer to archive nothing is done. */
  readonly segmentUpdates?: number;
  /** A segment ends with the update that reaches this size. */
  readonly segmentBytes?: number;
  /** How long an upload may take; what it has left behind is removed after that. */
  readonly graceMs?: number;
  /** How often all documents are looked through. */
  readonly intervalMs?: number;
}

interface ArchiverServices extends ArchiveServices {
  readonly reportProblem: (error: unknown) => void;
}

const SEGMENT_UPDATES = 4_000;
const SEGMENT_BYTES = 4 * 1024 * 1024;
const GRACE_MS = 10 * 60_000;
const INTERVAL_MS = 5 * 60_000;
/** A relay that has just started has more urgent things to do. */
const FIRST_PASS_AFTER_MS = 15_000;
/** Between passes while there is something to do. */
const BUSY_INTERVAL_MS = 1_000;
const SEGMENTS_PER_PASS = 20;
const FAILURES_PER_PASS = 3;

/**
 * Moves updates that have rested for long enough, and are in a snapshot, from the database into segments: in passes with
 * a bounded amount of work, one segment of a document at a time. A document that cannot be archived is reported once,
 * stays in the database and hurts no other; after a failure of the stores it is tried again later. Any number of
 * processes may do the same. Disposing ends what is under way.
 */
export class Archiver implements Disposable {
  private readonly services: ArchiverServices;
  private readonly options: Required<ArchiveOptions>;
  private readonly timer = new MutableDisposable<Disposable>();
  private readonly disposal = new AbortController();
  /** Where each damaged document stands: it is tried again when that has changed. */
  private readonly quarantine = new Map<string, string>();
  private running: Promise<void> = Promise.resolve();
  /** Where the next pass goes on. */
  private place = 0;
  private hasArchivedInRound = false;
  private isStoreFailing = false;
  private isRemovalFailing = false;

  constructor(services: ArchiverServices, options: ArchiveOptions) {
    this.services = services;
    this.options = {
      segmentUpdates: SEGMENT_UPDATES,
      segmentBytes: SEGMENT_BYTES,
      graceMs: GRACE_MS,
      intervalMs: INTERVAL_MS,
      ...options,
    };
    this.schedule(Math.min(FIRST_PASS_AFTER_MS, this.options.intervalMs));
  }

  /** Resolves when no pass is under way. */
  async settled(): Promise<void> {
    await this.running;
  }

  private get isDisposed(): boolean {
    return this.disposal.signal.aborted;
  }

  private schedule(delayMs: number): void {
    if (this.isDisposed) return;
    this.timer.value = this.services.scheduler.schedule(() => {
      this.timer.value = undefined;
      this.running = this.runPass();
    }, delayMs);
  }

  private async runPass(): Promise<void> {
    let delayMs = this.options.intervalMs;
    try {
      await this.removeAbandoned();
      if (await this.archiveSome()) delayMs = Math.min(delayMs, BUSY_INTERVAL_MS);
    } catch (error) {
      this.storeFailed(error);
    }
    this.schedule(delayMs);
  }

  /** One object that cannot be removed holds up its own document only. */
  private async removeAbandoned(): Promise<void> {
    const { index, store, scheduler, mayRemove } = this.services;
    if (mayRemove?.() === false) return;
    let failures = 0;
    let awayCount = 0;
    for (const upload of await index.abandonUploads(scheduler.now() - this.options.graceMs)) {
      // Each request to a store that is away takes its time.
      if (this.isDisposed || awayCount >= FAILURES_PER_PASS) return;
      try {
        await store.remove(upload.key, upload.segmentId);
        await index.forgetUpload(upload);
      } catch (error) {
        if (this.isDisposed) return;
        failures++;
        if (!this.isRemovalFailing && !this.isStoreFailing) this.services.reportProblem(error);
        this.isRemovalFailing = true;
        if (!(error instanceof LogFailure) || error.code !== 'busy') continue;
        awayCount++;
        this.isStoreFailing = true;
      }
    }
    if (failures === 0) this.isRemovalFailing = false;
  }

  /** Says whether there may be more to do at once. */
  private async archiveSome(): Promise<boolean> {
    const { index, scheduler } = this.services;
    let [archived, failures] = [0, 0];
    while (!this.isDisposed) {
      const { keptUpdates, keptMs, segmentUpdates: minUpdates } = this.options;
      const rule = { keptUpdates, minUpdates, writtenThroughMs: scheduler.now() - keptMs };
      const { candidates, nextPlace } = await index.findCandidates(rule, this.place);
      for (const candidate of candidates) {
        if (this.isDisposed || failures >= FAILURES_PER_PASS) return false;
        const outcome = await this.archive(candidate);
        if (outcome === 'archived') archived++;
        if (outcome === 'failed') failures++;
      }
      this.hasArchivedInRound ||= archived > 0;
      this.place = nextPlace ?? 0;
      if (nextPlace === undefined) return this.endRound();
      if (archived >= SEGMENTS_PER_PASS) return true;
      await new Promise(setImmediate);
    }
    return false;
  }

  private endRound(): boolean {
    const hasMore = this.hasArchivedInRound;
    this.hasArchivedInRound = false;
    return hasMore;
  }

  private async archive(candidate: ArchiveCandidate): Promise<'archived' | 'left' | 'failed'> {
    const name = nameOf(candidate);
    const standing = `${candidate.epoch} ${candidate.fromSeq}`;
    if (this.quarantine.get(name) === standing) return 'left';
    const { segmentUpdates: maxUpdates, segmentBytes: maxBytes } = this.options;
    try {
      const limits = { maxUpdates, maxBytes };
      const result = await archiveSegment(this.services, candidate, limits, this.disposal.signal);
      this.isStoreFailing = false;
      this.quarantine.delete(name);
      return result === 'archived' ? 'archived' : 'left';
    } catch (error) {
      if (this.isDisposed) return 'failed';
      if (error instanceof LogFailure && error.code !== 'corrupted') {
        this.storeFailed(error);
        return 'failed';
      }
      this.quarantine.set(name, standing);
      this.services.reportProblem(explain(candidate, error));
      return 'left';
    }
  }

  private storeFailed(error: unknown): void {
    if (this.isDisposed) return;
    if (!this.isStoreFailing) this.services.reportProblem(error);
    this.isStoreFailing = true;
  }

  dispose(): void {
    this.disposal.abort();
    this.timer.dispose();
    this.quarantine.clear();
  }
}

function nameOf({ key: { tenant, room, document } }: ArchiveCandidate): string {
  return JSON.stringify([tenant, room, document]);
}

function explain({ key }: ArchiveCandidate, error: unknown): LogFailure {
  const reason = errorMessage(error);
  return new LogFailure(
    'corrupted',
    `The older updates of the document ${key.document} in room ${key.room} cannot be archived and stay in the database: ` +
      `${reason} The command "${repairCommand(key)}" says whether something in it is damaged.`,
    { cause: error },
  );
}
