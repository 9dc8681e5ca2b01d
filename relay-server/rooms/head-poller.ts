import {
  type Disposable,
  DisposableStore,
  type Event,
  MutableDisposable,
  type Scheduler,
} from '../../shared/lifecycle/index.ts';
import type { UpdateLog } from '../log/update-log.ts';
import type { LiveDocument } from './document.ts';

export interface HeadPollerOptions {
  readonly log: UpdateLog;
  readonly scheduler: Scheduler;
  readonly intervalMs: number;
  /** Those that somebody has open. */
  readonly documents: () => readonly LiveDocument[];
  readonly onDidLoseMessages: Event<void>;
  readonly reportProblem: (error: unknown) => void;
}

const KEYS_PER_QUERY = 1_000;
/** Messages that are lost again and again must not make the log busy. */
const MIN_INTERVAL_MS = 500;

/** Asks the log again and again where open documents stand: whatever a backplane loses is found here. */
export class HeadPoller implements Disposable {
  private readonly options: HeadPollerOptions;
  private readonly owned = new DisposableStore();
  private readonly timer = this.owned.add(new MutableDisposable<Disposable>());
  private isPolling = false;
  private isHurried = false;
  private polledAtMs = -Infinity;
  /** An outage is reported once. */
  private isFailing = false;

  constructor(options: HeadPollerOptions) {
    this.options = options;
    this.owned.add(options.onDidLoseMessages(() => this.hurry()));
    this.schedule(options.intervalMs);
  }

  /** Asks again soon; what is being asked now may be too old. */
  private hurry(): void {
    if (this.isPolling) this.isHurried = true;
    else this.schedule(Math.max(0, this.polledAtMs + MIN_INTERVAL_MS - this.options.scheduler.elapsedMs()));
  }

  private schedule(delayMs: number): void {
    this.timer.value = this.options.scheduler.schedule(() => void this.poll(), delayMs);
  }

  private async poll(): Promise<void> {
    this.schedule(this.options.intervalMs);
    // A log that does not answer is not asked again and again.
    if (this.isPolling) return;
    this.isPolling = true;
    this.polledAtMs = this.options.scheduler.elapsedMs();
    try {
      const documents = this.options.documents();
      for (let start = 0; start < documents.length; start += KEYS_PER_QUERY) {
        await this.pollSome(documents.slice(start, start + KEYS_PER_QUERY));
      }
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.options.reportProblem(error);
      this.isFailing = true;
    } finally {
      this.isPolling = false;
      const isHurried = this.isHurried;
      this.isHurried = false;
      if (isHurried && !this.owned.isDisposed) this.hurry();
    }
  }

  private async pollSome(documents: readonly LiveDocument[]): Promise<void> {
    const before = documents.map(({ headSeq }) => headSeq);
    const heads = await this.options.log.readHeads(documents.map(({ key }) => key));
    for (const [index, document] of documents.entries()) document.noteHead(heads[index], before[index] ?? 0);
  }

  dispose(): void {
    this.owned.dispose();
  }
}
