import { type Disposable, MutableDisposable, type Scheduler, toDisposable } from '../../../shared/lifecycle/index.ts';
import { BULK_FILES } from './bulk-recognition.ts';

const QUIET_MS = 100;
/** Where many files change, there are more to come. */
const BULK_QUIET_MS = 300;
const LONGEST_MS = 2_000;

/** Gathers paths at which something happened until nothing more happens for a moment, but not for ever. */
export class DiskBatches implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly onDue: () => void;
  private readonly quiet = new MutableDisposable<Disposable>();
  private readonly longest = new MutableDisposable<Disposable>();
  private readonly settling = new MutableDisposable<Disposable>();
  private paths = new Set<string>();
  private isDue = false;
  private addedMs = 0;

  /** `onDue`: what was gathered is to be taken soon. */
  constructor(scheduler: Scheduler, onDue: () => void) {
    this.scheduler = scheduler;
    this.onDue = onDue;
  }

  get isWaiting(): boolean {
    return this.paths.size > 0;
  }

  add(paths: Iterable<string>): void {
    for (const path of paths) this.paths.add(path);
    if (this.paths.size === 0) return;
    this.addedMs = this.scheduler.elapsedMs();
    if (this.isDue) return;
    const quietMs = this.paths.size >= BULK_FILES ? BULK_QUIET_MS : QUIET_MS;
    this.quiet.value = this.scheduler.schedule(() => this.makeDue(), quietMs);
    this.longest.value ??= this.scheduler.schedule(() => this.makeDue(), LONGEST_MS);
  }

  /** What was gathered is due, and nobody waits for more. */
  hurry(): void {
    this.settling.value = undefined;
    if (this.paths.size > 0) this.makeDue();
  }

  /** Waits, while one act changes many files, until no more of them come. */
  async settle(): Promise<void> {
    const startedMs = this.scheduler.elapsedMs();
    for (;;) {
      const nowMs = this.scheduler.elapsedMs();
      const leftMs = Math.min(this.addedMs + BULK_QUIET_MS, startedMs + LONGEST_MS) - nowMs;
      if (leftMs <= 0 || !(await this.wait(leftMs))) return;
    }
  }

  /** What was gathered so far. */
  take(): readonly string[] {
    const paths = [...this.paths];
    this.paths = new Set();
    this.isDue = false;
    this.quiet.value = undefined;
    this.longest.value = undefined;
    return paths;
  }

  dispose(): void {
    this.quiet.dispose();
    this.longest.dispose();
    this.settling.dispose();
  }

  private makeDue(): void {
    this.quiet.value = undefined;
    this.longest.value = undefined;
    if (this.isDue) return;
    this.isDue = true;
    this.onDue();
  }

  /** Resolves to false when nobody waits any more. */
  private wait(delayMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      let isOver = false;
      const timer = this.scheduler.schedule(() => {
        isOver = true;
        this.settling.value = undefined;
      }, delayMs);
      this.settling.value = toDisposable(() => {
        timer.dispose();
        resolve(isOver);
      });
    });
  }
}
