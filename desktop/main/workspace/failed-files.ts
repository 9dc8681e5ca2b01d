import { type Disposable, MutableDisposable, type Scheduler } from '../../../shared/lifecycle/index.ts';

/** What failed is tried again after this time by itself: space may have come, or a folder may be back. */
const RETRY_MS = 3_000;

/** What failed, all of which is tried again together. */
export interface Failed {
  readonly fileIds: readonly string[];
  /** Of files that are not in the room yet. */
  readonly paths: readonly string[];
}

/** Files that could not be brought in step, until they are tried again. */
export class FailedFiles implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly onRetry: (failed: Failed) => void;
  private readonly timer = new MutableDisposable<Disposable>();
  private fileIds = new Set<string>();
  private paths = new Set<string>();
  private isDisposed = false;

  constructor(scheduler: Scheduler, onRetry: (failed: Failed) => void) {
    this.scheduler = scheduler;
    this.onRetry = onRetry;
  }

  add({ fileIds = [], paths = [] }: Partial<Failed>): void {
    if (this.isDisposed) return;
    for (const fileId of fileIds) this.fileIds.add(fileId);
    for (const path of paths) this.paths.add(path);
    this.timer.value ??= this.scheduler.schedule(() => this.retry(), RETRY_MS);
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
  }

  private retry(): void {
    this.timer.value = undefined;
    const failed = { fileIds: [...this.fileIds], paths: [...this.paths] };
    this.fileIds = new Set();
    this.paths = new Set();
    this.onRetry(failed);
  }
}
