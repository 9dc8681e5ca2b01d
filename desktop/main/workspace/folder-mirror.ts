import { join } from 'node:path';
import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  reportUnexpectedError,
} from '../../../shared/lifecycle/index.ts';
import { BaseIndex } from './base-index.ts';
import { NO_BLOBS } from './blob-contents.ts';
import { BulkRecognition } from './bulk-recognition.ts';
import { DiskBatches } from './disk-batches.ts';
import { DiskHashes } from './disk-hashes.ts';
import { DiskIntake } from './disk-intake.ts';
import { DiskRest } from './disk-rest.ts';
import { Durability } from './durability.ts';
import { ExecutableBits } from './executable-bits.ts';
import { type Failed, FailedFiles } from './failed-files.ts';
import { FileSync, type SyncManner } from './file-sync.ts';
import { GitExcludes } from './git-excludes.ts';
import { GoneFiles } from './gone-files.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { ListWatch } from './list-watch.ts';
import { isEverythingLost } from './lost-folder.ts';
import { MergeThread } from './merge-thread.ts';
import { MemoryMirrorNotes } from './mirror-notes.ts';
import type { FolderMirrorOptions } from './mirror-options.ts';
import { TWO_WAY } from './mirror-policy.ts';
import { MirrorTasks } from './mirror-tasks.ts';
import { OpenedRoot } from './opened-root.ts';
import { explainFailure, ProblemBoard } from './problem-board.ts';
import { ReplacedFiles } from './replaced-files.ts';
import { SetAsides } from './set-asides.ts';
import { settleMoves } from './settle-moves.ts';
import { sortDiskPaths } from './sort-disk-paths.ts';
import { SubMounts } from './sub-mounts.ts';
import { syncInOrder } from './sync-order.ts';
import { systemDiskWrites } from './text-file.ts';
import { gatherFiles, walkFolder } from './walk-folder.ts';
import { WatchedFolder } from './watched-folder.ts';
import { isAboutFolder, WorkspaceError } from './workspace-error.ts';
import { DueFiles, WriteDelay } from './write-delay.ts';

export type { FolderMirrorOptions };

/** Other programs save by deleting and making anew: what is gone is looked at again after this time. */
const GONE_SETTLE_MS = 400;
const LIST_SETTLE_MS = 50;
/** What changes on disk within this time of the last change belongs to the same act. */
const ACT_QUIET_MS = 500;
const LATE_PROBLEM = 'late';
const DEFAULT_CONCURRENT_SYNCS = 8;

/** Keeps the opened folder and the room's files in step. */
export class FolderMirror implements Disposable {
  private readonly options: FolderMirrorOptions;
  private readonly disposables = new DisposableStore();
  private readonly tasks: MirrorTasks;
  private readonly root: OpenedRoot;
  private readonly bases: BaseIndex;
  private readonly problems: ProblemBoard;
  private readonly fileSync: FileSync;
  private readonly intake: DiskIntake;
  private readonly list: ListWatch;
  private readonly mounts: SubMounts;
  private readonly delay: WriteDelay;
  private readonly gone: GoneFiles;
  private readonly batches: DiskBatches;
  private readonly excludes: GitExcludes;
  private readonly bulk: BulkRecognition | undefined;
  private readonly watched: WatchedFolder;
  private readonly listTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly goneTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly actTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private goneIds = new Set<string>();
  /** Of files that have rested: how many tasks are still to look at them. */
  private restedTasks = 0;
  private readonly failed: FailedFiles;
  private readonly setAsides: SetAsides;
  private readonly rest: DiskRest;
  private isFolderLost = false;
  private isHalted = false;
  /** The folder is being shared for the first time. */
  private isFirst = false;

  constructor(options: FolderMirrorOptions) {
    this.options = options;
    const { folder, files, scheduler, writes = systemDiskWrites, policy = TWO_WAY, blobs = NO_BLOBS } = options;
    this.root = new OpenedRoot(folder, writes);
    this.bases = new BaseIndex(options.bases);
    this.problems = new ProblemBoard((problem) => {
      if (!this.disposables.isDisposed) options.onProblem(problem);
    });
    const means = { root: folder, writes, durability: new Durability(writes) };
    const notes = options.notes ?? new MemoryMirrorNotes();
    this.mounts = new SubMounts(folder, notes);
    const hashes = new DiskHashes(folder, notes);
    const bits = new ExecutableBits({ means, root: this.root, files, bases: this.bases, policy });
    const shared = { means, files, bases: this.bases, problems: this.problems, policy, hashes, bits };
    const isStopped = () => this.isStopped;
    this.intake = new DiskIntake({ ...shared, onPutOff: (paths) => this.failed.add({ paths }), isStopped });
    this.list = new ListWatch(files, this.bases);
    this.setAsides = new SetAsides({ ...shared, root: folder, notes });
    this.rest = this.disposables.add(new DiskRest(scheduler, (ids) => this.noticeRested(ids)));
    this.fileSync = new FileSync({
      ...shared,
      setAsides: this.setAsides,
      rest: this.rest,
      replaced: this.disposables.add(new ReplacedFiles(scheduler, () => this.enqueue(() => this.takeLate(false)))),
      nowMs: () => scheduler.now(),
      assertFolder: () => this.root.assert(),
      onLeft: (path) => this.noticeDisk([path]),
      mounts: this.mounts,
      merges: this.disposables.add(new MergeThread(scheduler)),
      onGone: (fileId) => this.noticeGone(fileId),
      onReady: (fileIds) => this.enqueue(() => this.syncFiles(fileIds)),
      blobs,
      onReplaced: (replaced) => options.onReplaced?.(replaced),
      onReplacing: (fileId, blob) => options.ledger?.expectContent(fileId, blob),
    });
    this.disposables.add(blobs.onDidSettle((blob) => this.noticeSettled(blob)));
    this.failed = this.disposables.add(new FailedFiles(scheduler, (failed) => this.retryFailed(failed)));
    const due = new DueFiles((take) => this.enqueue(() => this.syncFiles(take())));
    this.delay = this.disposables.add(new WriteDelay(scheduler, (fileId) => due.add(fileId)));
    this.gone = new GoneFiles({ ...shared, mounts: this.mounts, assertFolder: () => this.root.assert(), isStopped });
    const working = { folder, scheduler, problems: this.problems, onFailed: () => this.watched.compareLater() };
    this.tasks = this.disposables.add(new MirrorTasks({ ...working, onEnd: () => this.finishTask() }));
    const onMissed = () => this.enqueue(() => this.reconcileAll());
    const onPaths = (paths: readonly string[]) => this.noticeDisk(paths);
    const watching = { folder, scheduler, problems: this.problems, begin: options.watch, onPaths, onMissed };
    this.watched = this.disposables.add(new WatchedFolder(watching));
    this.batches = this.disposables.add(new DiskBatches(scheduler, () => this.enqueue(() => this.followDisk())));
    this.excludes = new GitExcludes(folder);
    this.bulk = options.ledger && new BulkRecognition(folder, options.ledger, () => scheduler.now());
  }

  /** Reconciles folder and room, then follows both. Rejects with WorkspaceError when the folder cannot be opened. */
  async start(): Promise<void> {
    const { files } = this.options;
    await this.root.open();
    this.isFirst = this.bases.size === 0;
    this.setAsides.restore();
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
    if (!this.disposables.isDisposed) this.setAsides.tellRest();
  }

  /** Compares the whole folder with the room once more, for changes that the system did not announce. */
  reconcile(): Promise<void> {
    return this.tasks.run(() => this.reconcileAll());
  }

  /** Where a file is on this device; undefined when it is not in the folder (yet). */
  pathOnDisk(fileId: string): string | undefined {
    const path = this.bases.pathFor(fileId);
    return path === undefined ? undefined : join(this.options.folder, path);
  }

  /** Tries again what failed. */
  retry(): void {
    this.options.blobs?.retryRefused();
    this.reconcile().catch(reportUnexpectedError);
  }

  /** Resolves when everything that can be written is on disk: not what other programs have changed just now. */
  async flush(): Promise<void> {
    do {
      this.batches.hurry();
      this.takeList();
      this.takeGone();
      this.delay.flush();
      this.enqueue(() => this.takeLate(true));
      await this.tasks.whenIdle();
    } while (!this.isStopped && this.isWaiting);
    if (this.actTimer.value) await this.tasks.run(() => this.finishAct());
  }

  /** Resolves when nothing is being read or written any more; what is to come later may still wait. */
  whenIdle(): Promise<void> {
    return this.tasks.whenIdle();
  }

  /** Begins nothing more: what is under way comes to its end soon, and the next mirror on the same bases does the rest. */
  halt(): void {
    this.isHalted = true;
  }

  /** Stops following. What was not written yet is caught up by the next mirror on the same bases. */
  dispose(): void {
    this.disposables.dispose();
  }

  /** Resolves, after it was disposed, once the system watches nothing for it any more. */
  async whenUnwatched(): Promise<void> {
    await this.watched.whenEnded();
  }

  private get isStopped(): boolean {
    return this.isHalted || this.disposables.isDisposed;
  }

  private get isWaiting(): boolean {
    return (
      this.delay.isWaiting || this.batches.isWaiting || this.goneIds.size > 0 || this.listTimer.value !== undefined
    );
  }

  /**
   * A list that was lost must not empty the folder: without one, everything on disk is new. Nor must a folder that was
   * lost empty the room, such as a drive that is not mounted.
   */
  private async forgetLostBases(): Promise<void> {
    const { folder, files } = this.options;
    if (files.files.length > 0 && !(await isEverythingLost(folder, this.bases))) return;
    this.forgetBases('None of the files was in the folder any more.');
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
    if (this.options.isWatching !== false) await this.watched.follow();
  }

  private enqueue(task: () => Promise<void>): void {
    this.tasks.enqueue(task);
  }

  private async finishTask(): Promise<void> {
    await this.tellUnsafe();
    if (!this.isInBatch && !this.actTimer.value) this.options.ledger?.closeLoose();
  }

  /** Bases are the caller's again only when every file that was moved is safe. */
  private async tellUnsafe(): Promise<void> {
    for (const { fileId, error } of await this.fileSync.whenSafe()) this.tellFailed(fileId, error);
  }

  private async syncFile(fileId: string, isGoneForSure: boolean): Promise<void> {
    if (this.isStopped) return;
    try {
      await this.trySync(fileId, { isGoneForSure, isAlone: true });
    } catch (error) {
      this.tellFailed(fileId, error);
    }
  }

  /** Resolves to false when it has to be tried while no others are brought in step. */
  private async trySync(fileId: string, manner: SyncManner): Promise<boolean> {
    const outcome = await this.fileSync.sync(fileId, manner);
    if (outcome === 'alone') return false;
    if (outcome === 'gone') this.noticeGone(fileId);
    // Whether that is in step is known only when it is sure that it is gone.
    else this.problems.resolve(`file:${fileId}`);
    return true;
  }

  private tellFailed(fileId: string, error: unknown): void {
    if (isAboutFolder(error)) return this.tellFolder(error);
    const path = this.options.files.get(fileId)?.path ?? this.bases.pathFor(fileId) ?? '';
    const problem = { id: `file:${fileId}`, path, fileId, ...explainFailure(error), canRetry: true };
    this.problems.report({ severity: 'error', ...problem });
    this.failed.add({ fileIds: [fileId] });
  }

  private async syncFiles(fileIds: Iterable<string>): Promise<void> {
    const { files, concurrentSyncs = DEFAULT_CONCURRENT_SYNCS } = this.options;
    await syncInOrder(fileIds, {
      files,
      bases: this.bases,
      concurrentSyncs,
      isStopped: () => this.isStopped,
      sync: (fileId, isAlone) => this.trySync(fileId, { isGoneForSure: false, isAlone }),
      onFailed: (fileId, error) => this.tellFailed(fileId, error),
    });
    this.shareBits();
  }

  private noticeRested(fileIds: readonly string[]): void {
    this.restedTasks++;
    this.enqueue(() => this.syncRested(fileIds));
  }

  /** What was changed on disk just now has had its time. */
  private async syncRested(fileIds: readonly string[]): Promise<void> {
    this.restedTasks--;
    await this.syncFiles(fileIds);
    this.finishBatch();
  }

  private async takeLate(isLast: boolean): Promise<void> {
    try {
      await this.fileSync.takeLate(isLast);
      this.problems.resolve(LATE_PROBLEM);
    } catch (error) {
      const about = { id: LATE_PROBLEM, path: error instanceof WorkspaceError ? error.path : '' };
      this.problems.report({ severity: 'error', ...about, ...explainFailure(error), canRetry: true });
    }
  }

  private shareBits(): void {
    if (this.disposables.isDisposed) return;
    for (const { fileId, error } of this.fileSync.shareBits()) this.tellFailed(fileId, error);
  }

  private retryFailed({ fileIds, paths }: Failed): void {
    if (this.isFolderLost) return this.enqueue(() => this.reconcileAll());
    if (paths.length > 0) this.noticeDisk(paths);
    this.enqueue(() => this.syncFiles(fileIds));
  }

  private tellFolder(error: unknown): void {
    this.isFolderLost = true;
    this.watched.letGo();
    this.failed.add({});
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
    this.batches.hurry();
    const goneIds = [...this.goneIds];
    if (goneIds.length > 0) this.enqueue(() => this.syncGone(goneIds));
  }

  private async syncGone(fileIds: readonly string[]): Promise<void> {
    for (const fileId of fileIds) this.goneIds.delete(fileId);
    const others = await this.gone.remove(fileIds).catch((error: unknown) => {
      if (!isAboutFolder(error)) throw error;
      return fileIds;
    });
    for (const fileId of others) await this.syncFile(fileId, true);
    this.shareBits();
    this.finishBatch();
  }

  private noticeDisk(paths: readonly string[]): void {
    if (this.disposables.isDisposed) return;
    this.bulk?.notice();
    this.batches.add(paths);
  }

  private noticeSettled(blob: string): void {
    const fileIds = this.fileSync.takeWaiting(blob);
    if (fileIds.length > 0) this.enqueue(() => this.syncFiles(fileIds));
  }

  private get isInBatch(): boolean {
    return this.goneIds.size > 0 || this.batches.isWaiting || this.rest.isWaiting || this.restedTasks > 0;
  }

  /** What has come so far of an act on disk was taken. The system may tell of the rest of it a little later. */
  private finishBatch(): void {
    if (this.isInBatch || !this.bulk) return;
    this.actTimer.value = this.schedule(() => this.enqueue(() => this.finishAct()), ACT_QUIET_MS);
  }

  /** All that belongs to one act on disk was taken, unless it is not known yet what was deleted. */
  private async finishAct(): Promise<void> {
    this.actTimer.value = undefined;
    // What was not taken is taken by the next mirror, as the rest of the same act.
    if (this.isHalted || this.isInBatch) return;
    await this.bulk?.finish({ isFirst: this.isFirst });
    this.isFirst = false;
  }

  private async reconcileAll(): Promise<void> {
    await this.bulk?.begin(0);
    await this.reconcileNow();
    await this.finishAct();
  }

  private schedule(task: () => void, delayMs: number): Disposable | undefined {
    return this.disposables.isDisposed ? undefined : this.options.scheduler.schedule(task, delayMs);
  }

  private async followDisk(): Promise<void> {
    if (await this.bulk?.isGitAtWork()) await this.batches.settle();
    const paths = this.batches.take();
    if (paths.length === 0 || this.isStopped) return;
    await this.bulk?.begin(paths.length);
    await this.takePaths(paths);
    this.finishBatch();
  }

  private async takePaths(paths: readonly string[]): Promise<void> {
    try {
      await this.root.assert();
      const { folder, files } = this.options;
      this.problems.beginCheck();
      const onProblem = (error: WorkspaceError) => this.problems.reportLeftOut(error);
      const looked = [...new Set([...paths, ...this.problems.leftOutBy(paths)])];
      const sorted = await sortDiskPaths(looked, { root: folder, files, bases: this.bases, onProblem });
      // New rules of what to leave out: the whole is compared.
      if (sorted === 'rules' || (await this.excludes.read())) return await this.reconcileNow();
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
    await this.excludes.read();
    try {
      const isOther = await this.root.open();
      if (isOther) this.forgetBases('The folder was replaced by another.');
      else if (this.isFolderLost) await this.forgetLostBases();
      if (isOther || !this.watched.isFollowed) await this.watch();
      const gone = await this.intake.findGone(this.bases.list().map(({ fileId }) => fileId));
      const onProblem = (error: WorkspaceError) => this.problems.reportLeftOut(error);
      const walk = { rootRealPath: folder, rules: new IgnoreRules(folder), onProblem, removesTempFiles: true };
      for await (const batch of gatherFiles(walkFolder(walk))) {
        if (this.isStopped) return;
        await this.intake.take(batch, gone);
      }
    } catch (error) {
      if (!isAboutFolder(error)) throw error;
      this.tellFolder(error);
      return;
    }
    this.isFolderLost = false;
    this.problems.resolve('folder');
    await this.mounts.learn(this.bases.list().map(({ path }) => path));
    const ids = new Set([
      ...this.list.takeChanged(),
      ...[...files.files, ...this.bases.list()].map(({ fileId }) => fileId),
    ]);
    await this.syncFiles(ids);
    this.problems.resolveUnconfirmed();
  }
}
