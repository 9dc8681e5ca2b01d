import { join } from 'node:path';
import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
} from '../../../shared/lifecycle/index.ts';
import { BaseIndex } from './base-index.ts';
import { DiskIntake } from './disk-intake.ts';
import { Durability } from './durability.ts';
import { FileSync } from './file-sync.ts';
import { type FolderWatch, watchFolder } from './folder-watcher.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { ListWatch } from './list-watch.ts';
import { isEverythingLost } from './lost-folder.ts';
import { OpenedRoot } from './opened-root.ts';
import { explainFailure, ProblemBoard } from './problem-board.ts';
import { SerialQueue } from './serial-queue.ts';
import type { MirrorBaseStore, MirrorProblem, SharedFiles } from './shared-files.ts';
import { settleMoves } from './settle-moves.ts';
import { sortDiskPaths } from './sort-disk-paths.ts';
import { syncInOrder } from './sync-order.ts';
import { type DiskWrites, systemDiskWrites } from './text-file.ts';
import { walkFolder } from './walk-folder.ts';
import { WorkspaceError } from './workspace-error.ts';
import { WriteDelay } from './write-delay.ts';

export interface FolderMirrorOptions {
  /** Real path of the opened folder. */
  readonly folder: string;
  /** Stays the caller's. */
  readonly files: SharedFiles;
  /** Nobody else may write to it while the mirror runs. */
  readonly bases: MirrorBaseStore;
  readonly scheduler: Scheduler;
  readonly onProblem: (problem: MirrorProblem) => void;
  /** Follows changes on disk by itself; on unless false. */
  readonly isWatching?: boolean;
  /** How many files are read or written at a time, where their order does not matter. */
  readonly concurrentSyncs?: number;
  /** How files are replaced; the system's way unless a test sets another. */
  readonly writes?: DiskWrites;
}

const DISK_SETTLE_MS = 100;
/** Other programs save by deleting and making anew: what is gone is looked at again after this time. */
const GONE_SETTLE_MS = 400;
const LIST_SETTLE_MS = 50;
const DEFAULT_CONCURRENT_SYNCS = 8;
/** What failed is tried again after this time by itself: space may have come, or a folder may be back. */
const RETRY_MS = 3_000;

/** Keeps the opened folder and the room's files in step. */
export class FolderMirror implements Disposable {
  private readonly options: FolderMirrorOptions;
  private readonly disposables = new DisposableStore();
  private readonly queue = new SerialQueue();
  private readonly root: OpenedRoot;
  private readonly bases: BaseIndex;
  private readonly problems: ProblemBoard;
  private readonly fileSync: FileSync;
  private readonly intake: DiskIntake;
  private readonly list: ListWatch;
  private readonly delay: WriteDelay;
  private readonly watching = this.disposables.add(new MutableDisposable<Disposable>());
  /** Those that have not ended. */
  private readonly watches = new Set<Promise<void>>();
  private readonly listTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly diskTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly goneTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private diskPaths = new Set<string>();
  private goneIds = new Set<string>();
  private readonly retryTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly failedIds = new Set<string>();
  private isFolderLost = false;

  constructor(options: FolderMirrorOptions) {
    this.options = options;
    const { folder, files, scheduler, writes = systemDiskWrites } = options;
    this.root = new OpenedRoot(folder);
    this.bases = new BaseIndex(options.bases);
    this.problems = new ProblemBoard((problem) => {
      if (!this.disposables.isDisposed) options.onProblem(problem);
    });
    const means = { root: folder, writes, durability: new Durability(writes) };
    const shared = { means, files, bases: this.bases, problems: this.problems };
    this.intake = new DiskIntake(shared);
    this.list = new ListWatch(files, this.bases);
    this.fileSync = new FileSync({
      ...shared,
      nowMs: () => scheduler.now(),
      assertFolder: () => this.root.assert(),
      onLeft: (path) => this.noticeDisk([path]),
    });
    this.delay = this.disposables.add(
      new WriteDelay(scheduler, (fileId) => this.enqueue(() => this.syncFile(fileId, false))),
    );
  }

  /** Reconciles folder and room, then follows both. Rejects with WorkspaceError when the folder cannot be opened. */
  async start(): Promise<void> {
    const { files } = this.options;
    await this.root.open();
    await settleMoves(this.options.folder, this.bases);
    await this.forgetLostBases();
    if (this.disposables.isDisposed) return;
    this.disposables.add(
      files.onDidChangeText((fileId) => {
        const isBeingListed = this.intake.isListing && this.bases.pathFor(fileId) === undefined;
        if (!isBeingListed) this.delay.changed(fileId);
      }),
    );
    this.disposables.add(files.onDidChangeFiles(() => this.noticeList()));
    await this.watch();
    await this.reconcile();
  }

  /** Compares the whole folder with the room once more, for changes that the system did not announce. */
  reconcile(): Promise<void> {
    return this.run(() => this.reconcileNow());
  }

  /** Where a file is on this device; undefined when it is not in the folder (yet). */
  pathOnDisk(fileId: string): string | undefined {
    const path = this.bases.pathFor(fileId);
    return path === undefined ? undefined : join(this.options.folder, path);
  }

  /** Tries again what failed. */
  retry(): void {
    this.reconcile().catch(reportUnexpectedError);
  }

  /** Resolves when everything that can be written is on disk. */
  async flush(): Promise<void> {
    do {
      this.takeDisk();
      this.takeList();
      this.takeGone();
      this.delay.flush();
      await this.queue.whenIdle();
    } while (!this.disposables.isDisposed && this.isWaiting);
  }

  /** Resolves when nothing is being read or written any more; what is to come later may still wait. */
  whenIdle(): Promise<void> {
    return this.queue.whenIdle();
  }

  /** Stops following. What was not written yet is caught up by the next mirror on the same bases. */
  dispose(): void {
    this.disposables.dispose();
  }

  /** Resolves, after it was disposed, once the system watches nothing for it any more. */
  async whenUnwatched(): Promise<void> {
    await Promise.all(this.watches);
  }

  private keepUntilEnded(starting: Promise<FolderWatch>): void {
    const ended = starting.then((watch) => watch.ended).catch(() => undefined);
    this.watches.add(ended);
    void ended.then(() => this.watches.delete(ended));
  }

  private get isWaiting(): boolean {
    return (
      this.delay.isWaiting || this.diskPaths.size > 0 || this.goneIds.size > 0 || this.listTimer.value !== undefined
    );
  }

  /**
   * A list that was lost must not empty the folder: without one, everything on disk is new. Nor must a folder that was
   * lost empty the room, such as a drive that is not mounted.
   */
  private async forgetLostBases(): Promise<void> {
    const { folder, files } = this.options;
    const isListLost = files.files.length === 0;
    if (!isListLost && !(await isEverythingLost(folder, this.bases))) return;
    const title = 'None of the files was in the folder any more.';
    this.forgetBases(title);
  }

  /** What lies in the folder and what the room has meet as strangers; nothing counts as deleted. */
  private forgetBases(title: string): void {
    const wasKnown = this.bases.size > 0 && this.options.files.files.length > 0;
    for (const { fileId } of this.bases.list()) this.bases.delete(fileId);
    if (!wasKnown) return;
    const detail =
      'Nothing was deleted from the room: its files were put into the folder, and what was there under the same name is kept beside them. Delete in Tutti what should go.';
    this.problems.tell({ id: 'folder-replaced', severity: 'warning', path: '', title, detail });
  }

  private async watch(): Promise<void> {
    const { folder, isWatching = true } = this.options;
    if (!isWatching) return;
    try {
      const starting = watchFolder(folder, {
        onPaths: (paths) => this.noticeDisk(paths),
        onOverflow: () => this.enqueue(() => this.reconcileNow()),
      });
      this.keepUntilEnded(starting);
      this.watching.value = await starting;
      this.problems.resolve('watch');
    } catch (error) {
      this.problems.report({
        id: 'watch',
        severity: 'warning',
        path: '',
        title: 'Changes on disk are not followed.',
        detail: `The system cannot watch the folder: ${error instanceof Error ? error.message : String(error)}. Retry to compare it with the room.`,
        canRetry: true,
      });
    }
  }

  private enqueue(task: () => Promise<void>): void {
    if (!this.disposables.isDisposed) this.run(task).catch(reportUnexpectedError);
  }

  /** Runs a task after all others. Bases are the caller's again only when every file that it moved is safe. */
  private run(task: () => Promise<void>): Promise<void> {
    return this.queue.run(async () => {
      try {
        await task();
      } finally {
        for (const { fileId, error } of await this.fileSync.whenSafe()) this.tellFailed(fileId, error);
      }
    });
  }

  private async syncFile(fileId: string, isGoneForSure: boolean): Promise<void> {
    if (this.disposables.isDisposed) return;
    try {
      await this.trySync(fileId, isGoneForSure);
    } catch (error) {
      this.tellFailed(fileId, error);
    }
  }

  private async trySync(fileId: string, isGoneForSure: boolean): Promise<void> {
    if ((await this.fileSync.sync(fileId, isGoneForSure)) === 'gone') this.noticeGone(fileId);
    this.problems.resolve(`file:${fileId}`);
  }

  private tellFailed(fileId: string, error: unknown): void {
    if (isAboutFolder(error)) return this.tellFolder(error);
    const path = this.options.files.get(fileId)?.path ?? this.bases.pathFor(fileId) ?? '';
    const id = `file:${fileId}`;
    this.problems.report({ id, severity: 'error', path, fileId, ...explainFailure(error), canRetry: true });
    this.failedIds.add(fileId);
    this.retryLater();
  }

  private syncFiles(fileIds: Iterable<string>): Promise<void> {
    const { files, concurrentSyncs = DEFAULT_CONCURRENT_SYNCS } = this.options;
    return syncInOrder(fileIds, {
      files,
      bases: this.bases,
      concurrentSyncs,
      isStopped: () => this.disposables.isDisposed,
      sync: (fileId) => this.trySync(fileId, false),
      onFailed: (fileId, error) => this.tellFailed(fileId, error),
    });
  }

  private retryLater(): void {
    this.retryTimer.value ??= this.schedule(() => this.retryFailed(), RETRY_MS);
  }

  private retryFailed(): void {
    this.retryTimer.value = undefined;
    const failed = [...this.failedIds];
    this.failedIds.clear();
    this.enqueue(() => (this.isFolderLost ? this.reconcileNow() : this.syncFiles(failed)));
  }

  private tellFolder(error: unknown): void {
    this.isFolderLost = true;
    // What watched the folder follows what it was, not what comes back in its place.
    this.watching.value = undefined;
    this.retryLater();
    this.problems.report({ id: 'folder', severity: 'error', path: '', ...explainFailure(error), canRetry: true });
  }

  private noticeList(): void {
    this.listTimer.value ??= this.schedule(() => this.takeList(), LIST_SETTLE_MS);
  }

  private takeList(): void {
    this.listTimer.value = undefined;
    const changed = this.list.takeChanged();
    if (changed.length > 0) this.enqueue(() => this.syncFiles(changed));
  }

  private noticeGone(fileId: string): void {
    this.goneIds.add(fileId);
    this.goneTimer.value ??= this.schedule(() => this.takeGone(), GONE_SETTLE_MS);
  }

  private takeGone(): void {
    this.goneTimer.value = undefined;
    // What came meanwhile may be these files under other names.
    this.takeDisk();
    for (const fileId of this.goneIds) {
      this.enqueue(async () => {
        this.goneIds.delete(fileId);
        await this.syncFile(fileId, true);
      });
    }
  }

  private noticeDisk(paths: readonly string[]): void {
    for (const path of paths) this.diskPaths.add(path);
    this.diskTimer.value ??= this.schedule(() => this.takeDisk(), DISK_SETTLE_MS);
  }

  private takeDisk(): void {
    this.diskTimer.value = undefined;
    const paths = [...this.diskPaths];
    this.diskPaths = new Set();
    if (paths.length > 0) this.enqueue(() => this.followDisk(paths));
  }

  private schedule(task: () => void, delayMs: number): Disposable | undefined {
    return this.disposables.isDisposed ? undefined : this.options.scheduler.schedule(task, delayMs);
  }

  private async followDisk(paths: readonly string[]): Promise<void> {
    try {
      await this.root.assert();
      const { folder, files } = this.options;
      this.problems.beginCheck();
      const onProblem = (error: WorkspaceError) => this.problems.reportLeftOut(error);
      const looked = [...new Set([...paths, ...this.problems.leftOutBy(paths)])];
      const sorted = await sortDiskPaths(looked, { root: folder, files, bases: this.bases, onProblem });
      // New rules of what to leave out: the whole is compared.
      if (sorted === 'rules') return await this.reconcileNow();
      const gone = await this.intake.findGone(new Set([...sorted.knownIds, ...this.goneIds]));
      await this.intake.take(sorted.found, gone);
      this.problems.resolveUnconfirmed(looked);
      await this.syncFiles(sorted.knownIds);
    } catch (error) {
      if (!isAboutFolder(error)) throw error;
      this.tellFolder(error);
    }
  }

  private async reconcileNow(): Promise<void> {
    const { folder, files } = this.options;
    this.problems.beginCheck();
    try {
      const isOther = await this.root.open();
      if (isOther) this.forgetBases('The folder was replaced by another.');
      else if (this.isFolderLost) await this.forgetLostBases();
      if (isOther || this.watching.value === undefined) await this.watch();
      const gone = await this.intake.findGone(this.bases.list().map(({ fileId }) => fileId));
      const onProblem = (error: WorkspaceError) => this.problems.reportLeftOut(error);
      const walk = { rootRealPath: folder, rules: new IgnoreRules(folder), onProblem, removesTempFiles: true };
      for await (const batch of gather(walkFolder(walk))) {
        if (this.disposables.isDisposed) return;
        await this.intake.take(batch, gone);
      }
    } catch (error) {
      if (!isAboutFolder(error)) throw error;
      this.tellFolder(error);
      return;
    }
    this.isFolderLost = false;
    this.problems.resolve('folder');
    const ids = new Set([
      ...this.list.takeChanged(),
      ...[...files.files, ...this.bases.list()].map(({ fileId }) => fileId),
    ]);
    await this.syncFiles(ids);
    this.problems.resolveUnconfirmed();
  }
}

function isAboutFolder(error: unknown): boolean {
  // A sub-folder that cannot be read is `folder-unreadable` too, but it is reported and not thrown.
  return (
    error instanceof WorkspaceError && ['folder-missing', 'folder-unreadable', 'not-a-folder'].includes(error.code)
  );
}

/** Joins small batches: a folder of many sub-folders is taken in as fast as a flat one. */
async function* gather<T>(batches: AsyncIterable<readonly T[]>): AsyncGenerator<readonly T[]> {
  const enough = 50;
  let gathered: T[] = [];
  for await (const batch of batches) {
    gathered.push(...batch);
    if (gathered.length < enough) continue;
    yield gathered;
    gathered = [];
  }
  if (gathered.length > 0) yield gathered;
}
