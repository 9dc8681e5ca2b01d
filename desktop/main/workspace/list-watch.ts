import { type Disposable, MutableDisposable, type Scheduler } from '../../../shared/lifecycle/index.ts';
import type { SharedFile } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import type { SharedFiles } from './shared-files.ts';

const SETTLE_MS = 50;

export interface ListWatchOptions {
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly scheduler: Scheduler;
  /** The list has changed, and a moment has passed. */
  readonly onDue: () => void;
}

/** Finds out which files of the room's list changed. */
export class ListWatch implements Disposable {
  private readonly options: ListWatchOptions;
  private readonly seen = new Map<string, SharedFile>();
  private readonly timer = new MutableDisposable<Disposable>();
  private isDisposed = false;

  constructor(options: ListWatchOptions) {
    this.options = options;
  }

  get isWaiting(): boolean {
    return this.timer.value !== undefined;
  }

  /** The list has changed. */
  notice(): void {
    const { scheduler, onDue } = this.options;
    if (!this.isDisposed) this.timer.value ??= scheduler.schedule(onDue, SETTLE_MS);
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
  }

  /** Ids of the files that were listed, changed or removed since the last call. */
  takeChanged(): readonly string[] {
    const { files, bases } = this.options;
    this.timer.value = undefined;
    const changed = new Set<string>();
    for (const file of files.files) {
      const before = this.seen.get(file.fileId);
      if (before === file) continue;
      this.seen.set(file.fileId, file);
      if (!before || describe(before) !== describe(file)) changed.add(file.fileId);
    }
    const isListed = (fileId: string) => files.get(fileId) !== undefined;
    for (const fileId of this.seen.keys()) {
      if (isListed(fileId)) continue;
      this.seen.delete(fileId);
      changed.add(fileId);
    }
    for (const fileId of bases.fileIds) if (!isListed(fileId)) changed.add(fileId);
    return [...changed];
  }
}

function describe({ path, eol, bom, kind, executable, blob }: SharedFile): string {
  return `${eol} ${bom} ${kind} ${executable} ${blob} ${path}`;
}
