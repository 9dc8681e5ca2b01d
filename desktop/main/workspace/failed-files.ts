import { type Disposable, MutableDisposable, type Scheduler } from '../../../shared/lifecycle/index.ts';
import type { BaseIndex } from './base-index.ts';
import { explainFailure, type ProblemBoard } from './problem-board.ts';
import type { SharedFiles } from './shared-files.ts';
import { isAboutFolder, WorkspaceError } from './workspace-error.ts';

/** What failed is tried again after this time by itself: space may have come, or a folder may be back. */
const RETRY_MS = 3_000;
const FOLDER_PROBLEM = 'folder';
const LATE_PROBLEM = 'late';

/** What failed, all of which is tried again together. */
export interface Failed {
  readonly fileIds: readonly string[];
  /** Of files that are not in the room yet. */
  readonly paths: readonly string[];
}

export interface FailedFilesOptions {
  readonly files: SharedFiles;
  readonly bases: BaseIndex;
  readonly problems: ProblemBoard;
  readonly scheduler: Scheduler;
  readonly onRetry: (failed: Failed) => void;
  /** The folder itself is not what it was: nothing in it counts until it is. */
  readonly onFolderLost: () => void;
}

/** What could not be brought in step: the person is told, and it is tried again. */
export class FailedFiles implements Disposable {
  private readonly options: FailedFilesOptions;
  private readonly timer = new MutableDisposable<Disposable>();
  private fileIds = new Set<string>();
  private paths = new Set<string>();
  private isLost = false;
  private isDisposed = false;

  constructor(options: FailedFilesOptions) {
    this.options = options;
  }

  get isFolderLost(): boolean {
    return this.isLost;
  }

  /** Tells why a file could not be brought in step. */
  tellFile(fileId: string, error: unknown): void {
    if (isAboutFolder(error)) return this.tellFolder(error);
    const { files, bases, problems } = this.options;
    const path = files.get(fileId)?.path ?? bases.pathFor(fileId) ?? '';
    const problem = { id: `file:${fileId}`, path, fileId, ...explainFailure(error), canRetry: true };
    problems.report({ severity: 'error', ...problem });
    this.add({ fileIds: [fileId] });
  }

  /** Whether a file is in step is known again. */
  resolveFile(fileId: string): void {
    this.options.problems.resolve(`file:${fileId}`);
  }

  /** Tells why the folder cannot be used. */
  tellFolder(error: unknown): void {
    this.isLost = true;
    this.options.onFolderLost();
    this.add({});
    const problem = { id: FOLDER_PROBLEM, path: '', ...explainFailure(error), canRetry: true };
    this.options.problems.report({ severity: 'error', ...problem });
  }

  /** The folder can be used again. */
  resolveFolder(): void {
    this.isLost = false;
    this.options.problems.resolve(FOLDER_PROBLEM);
  }

  /** Takes what other programs wrote to files that were replaced under them, and tells when that can be put nowhere. */
  async tryLate(take: () => Promise<void>): Promise<void> {
    const { problems } = this.options;
    try {
      await take();
      problems.resolve(LATE_PROBLEM);
    } catch (error) {
      const about = { id: LATE_PROBLEM, path: error instanceof WorkspaceError ? error.path : '' };
      problems.report({ severity: 'error', ...about, ...explainFailure(error), canRetry: true });
    }
  }

  add({ fileIds = [], paths = [] }: Partial<Failed>): void {
    if (this.isDisposed) return;
    for (const fileId of fileIds) this.fileIds.add(fileId);
    for (const path of paths) this.paths.add(path);
    this.timer.value ??= this.options.scheduler.schedule(() => this.retry(), RETRY_MS);
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
    this.options.onRetry(failed);
  }
}
