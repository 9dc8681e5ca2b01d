import { type Disposable, MutableDisposable, type Scheduler } from '../../../shared/lifecycle/index.ts';

/** Other programs save by deleting and making anew: what is gone is looked at again after this time. */
const SETTLE_MS = 400;

/** Gathers files that are missing on disk, until it is time to find out whether they were deleted. */
export class GoneNotices implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly onDue: () => void;
  private readonly timer = new MutableDisposable<Disposable>();
  private readonly gone = new Set<string>();
  private isDisposed = false;

  constructor(scheduler: Scheduler, onDue: () => void) {
    this.scheduler = scheduler;
    this.onDue = onDue;
  }

  /** Those that nobody has looked at yet. */
  get fileIds(): ReadonlySet<string> {
    return this.gone;
  }

  get isWaiting(): boolean {
    return this.gone.size > 0;
  }

  add(fileId: string): void {
    if (this.isDisposed) return;
    this.gone.add(fileId);
    this.timer.value ??= this.scheduler.schedule(() => this.onDue(), SETTLE_MS);
  }

  /** Those that are to be looked at; they wait until {@link delete}. */
  take(): readonly string[] {
    this.timer.value = undefined;
    return [...this.gone];
  }

  delete(fileIds: Iterable<string>): void {
    for (const fileId of fileIds) this.gone.delete(fileId);
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
  }
}
