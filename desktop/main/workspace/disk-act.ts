import { type Disposable, MutableDisposable, type Scheduler } from '../../../shared/lifecycle/index.ts';
import { BulkRecognition, type BulkLedger } from './bulk-recognition.ts';

/** What changes on disk within this time of the last change belongs to the same act. */
const QUIET_MS = 500;
/** What is not known by then belongs to another act. */
const LONGEST_UNSURE_MS = 10_000;

export interface DiskActOptions {
  /** Real path. */
  readonly folder: string;
  /** Nobody keeps changes together unless given. */
  readonly ledger: BulkLedger | undefined;
  readonly scheduler: Scheduler;
  /** Whether something was noticed on disk of which nothing was taken yet. */
  readonly hasNoticed: () => boolean;
  /** Whether it is still to be found out what became of a file. */
  readonly isUnsure: () => boolean;
  /** No act comes to its end any more: the next mirror takes the rest of it. */
  readonly isHalted: () => boolean;
  readonly enqueue: (task: () => Promise<void>) => void;
}

/** Finds out when all of an act on disk, such as a switch to another branch, was taken. */
export class DiskAct implements Disposable {
  private readonly options: DiskActOptions;
  private readonly bulk: BulkRecognition | undefined;
  private readonly timer = new MutableDisposable<Disposable>();
  /** How many files the act has changed so far; undefined before the first of it was taken. */
  private changedFiles: number | undefined;
  /** When it changed a further one. */
  private grownMs = 0;
  private isDisposed = false;
  /** The folder is being shared for the first time, which is no act. */
  isFirst = false;

  constructor(options: DiskActOptions) {
    this.options = options;
    const { folder, ledger, scheduler } = options;
    this.bulk = ledger && new BulkRecognition(folder, ledger, () => scheduler.now());
  }

  /** Whether more of the act that was taken last may come. */
  get isOpen(): boolean {
    return this.changedFiles !== undefined;
  }

  /** Something changed on disk; it is looked at later. */
  notice(): void {
    this.bulk?.notice();
  }

  /** Whether Git has changed files that were not looked at yet. */
  async isGitAtWork(): Promise<boolean> {
    return (await this.bulk?.isGitAtWork()) ?? false;
  }

  /** So many paths are about to be taken. */
  async begin(paths: number): Promise<void> {
    await this.bulk?.begin(paths);
  }

  /** What was noticed so far was taken. The system may tell of the rest of an act a little later. */
  finishBatch(): void {
    const { ledger, scheduler, hasNoticed } = this.options;
    if (!ledger || this.isDisposed) return;
    const { changedFiles } = ledger;
    const nowMs = scheduler.elapsedMs();
    // What Tutti has written itself is noticed as well, as long as somebody types: an act is not to wait for its end.
    if (changedFiles !== this.changedFiles) {
      this.changedFiles = changedFiles;
      this.grownMs = nowMs;
      this.timer.value = undefined;
    }
    if (!this.mayEnd()) return;
    const leftMs = this.grownMs + QUIET_MS - nowMs;
    if (leftMs <= 0) return this.endSoon();
    this.timer.value ??= scheduler.schedule(() => {
      if (!hasNoticed()) this.endSoon();
    }, leftMs);
  }

  /** Ends the act unless more of it is about to be taken. */
  async finish(): Promise<void> {
    if (!this.options.hasNoticed()) await this.end();
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
  }

  private endSoon(): void {
    this.options.enqueue(() => this.end());
  }

  private async end(): Promise<void> {
    this.timer.value = undefined;
    if (this.options.isHalted() || !this.mayEnd()) return;
    this.changedFiles = undefined;
    await this.bulk?.finish({ isFirst: this.isFirst });
    this.isFirst = false;
  }

  private mayEnd(): boolean {
    const { isUnsure, scheduler } = this.options;
    if (!isUnsure()) return true;
    return this.isOpen && scheduler.elapsedMs() - this.grownMs >= LONGEST_UNSURE_MS;
  }
}
