import { join } from 'node:path';
import { type Disposable, DisposableStore, reportUnexpectedError } from '../../../shared/lifecycle/index.ts';
import { BaseIndex } from './base-index.ts';
import { NO_BLOBS } from './blob-contents.ts';
import { DiskAct } from './disk-act.ts';
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
import { GoneNotices } from './gone-notices.ts';
import { ListWatch } from './list-watch.ts';
import { forgetLostBases, forgetOtherFolder, type LostFolderOptions } from './lost-folder.ts';
import { MergeThread } from './merge-thread.ts';
import { MemoryMirrorNotes } from './mirror-notes.ts';
import type { FolderMirrorOptions } from './mirror-options.ts';
import { TWO_WAY } from './mirror-policy.ts';
import { MirrorTasks } from './mirror-tasks.ts';
import { MovedTexts } from './moved-texts.ts';
import { OpenedRoot } from './opened-root.ts';
import { ProblemBoard } from './problem-board.ts';
import { ReplacedFiles } from './replaced-files.ts';
import { SetAsides } from './set-asides.ts';
import { settleMoves } from './settle-moves.ts';
import { sortDiskPaths } from './sort-disk-paths.ts';
import { SubMounts } from './sub-mounts.ts';
import { splitUnhurried, syncInOrder, UNHURRIED_AT_ONCE } from './sync-order.ts';
import { systemDiskWrites } from './text-file.ts';
import { WatchedFolder } from './watched-folder.ts';
import { isAboutFolder, type WorkspaceError } from './workspace-error.ts';
import { DueFiles, WriteDelay } from './write-delay.ts';

export type { FolderMirrorOptions };

const MAX_FLUSH_ROUNDS = 10;

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
  private readonly due = new DueFiles((take) => this.enqueue(() => this.syncFiles(take())));
  /** Files that hold no text: whatever else is to be done has its turn between a few of them. */
  private readonly unhurried = new DueFiles((take) => this.enqueue(() => this.syncFiles(take())), UNHURRIED_AT_ONCE);
  private readonly gone: GoneFiles;
  private readonly batches: DiskBatches;
  private readonly excludes: GitExcludes;
  private readonly act: DiskAct;
  private readonly goneNotices: GoneNotices;
  private readonly watched: WatchedFolder;
  /** Of files that have rested: how many tasks are still to look at them. */
  private restedTasks = 0;
  private readonly failed: FailedFiles;
  private readonly lostFolder: LostFolderOptions;
  private readonly setAsides: SetAsides;
  private readonly rest: DiskRest;
  private isHalted = false;

  constructor(options: FolderMirrorOptions) {
    this.options = options;
    const { folder, files, scheduler, writes = systemDiskWrites, policy = TWO_WAY, blobs = NO_BLOBS } = options;
    this.bases = new BaseIndex(options.bases);
    this.problems = new ProblemBoard((problem) => {
      if (!this.disposables.isDisposed) options.onProblem(problem);
    });
    const means = { root: folder, writes, durability: new Durability(writes) };
    const notes = options.notes ?? new MemoryMirrorNotes();
    this.root = new OpenedRoot(folder, writes, notes);
    this.mounts = new SubMounts(folder, notes);
    const hashes = new DiskHashes(folder, notes);
    const bits = new ExecutableBits({ means, root: this.root, files, bases: this.bases, policy });
    const moved = new MovedTexts(notes);
    const shared = { means, files, bases: this.bases, problems: this.problems, policy, hashes, bits, moved };
    const isStopped = () => this.isStopped;
    this.lostFolder = { ...shared, root: folder };
    this.intake = new DiskIntake({ ...shared, onPutOff: (paths) => this.failed.add({ paths }), isStopped });
    this.list = this.disposables.add(new ListWatch({ ...shared, scheduler, onDue: () => this.takeList() }));
    this.goneNotices = this.disposables.add(new GoneNotices(scheduler, () => this.takeGone()));
    this.setAsides = new SetAsides({ ...shared, root: folder, notes });
    this.rest = this.disposables.add(new DiskRest(scheduler, (ids) => this.noticeRested(ids)));
    this.fileSync = new FileSync({
      ...shared,
      setAsides: this.setAsides,
      rest: this.rest,
      replaced: this.disposables.add(new ReplacedFiles(scheduler, () => this.enqueueLate(false))),
      nowMs: () => scheduler.now(),
      assertFolder: () => this.root.assert(),
      onLeft: (path) => this.noticeDisk([path]),
      mounts: this.mounts,
      merges: this.disposables.add(new MergeThread(scheduler)),
      onGone: (fileId) => this.goneNotices.add(fileId),
      onReady: (fileIds) => this.enqueue(() => this.syncFiles(fileIds)),
      blobs,
      onReplaced: (replaced) => options.onReplaced?.(replaced),
      onReplacing: (fileId, blob) => options.ledger?.expectContent(fileId, blob),
    });
    this.disposables.add(blobs.onDidSettle((blob) => this.unhurried.add(this.fileSync.takeWaiting(blob))));
    this.failed = this.disposables.add(
      new FailedFiles({
        ...shared,
        scheduler,
        onRetry: (failed) => this.retryFailed(failed),
        onFolderLost: () => this.watched.letGo(),
      }),
    );
    this.delay = this.disposables.add(new WriteDelay(scheduler, (fileId) => this.due.add([fileId])));
    this.gone = new GoneFiles({ ...shared, mounts: this.mounts, assertFolder: () => this.root.assert(), isStopped });
    const working = { folder, scheduler, problems: this.problems, onFailed: () => this.watched.compareLater() };
    this.tasks = this.disposables.add(new MirrorTasks({ ...working, onEnd: () => this.finishTask() }));
    const onMissed = () => this.enqueue(() => this.reconcileAll());
    const onPaths = (paths: readonly string[]) => this.noticeDisk(paths);
    const watching = { folder, scheduler, problems: this.problems, begin: options.watch, onPaths, onMissed };
    this.watched = this.disposables.add(new WatchedFolder(watching));
    this.batches = this.disposables.add(new DiskBatches(scheduler, () => this.enqueue(() => this.followDisk())));
    this.excludes = new GitExcludes(folder);
    this.act = this.disposables.add(this.createAct());
  }

  /** Reconciles folder and room, then follows both. Rejects with WorkspaceError when the folder cannot be opened. */
  async start(): Promise<void> {
    const { files } = this.options;
    const isOther = await this.root.open();
    this.act.isFirst = this.bases.size === 0;
    this.setAsides.restore();
    if (isOther) forgetOtherFolder(this.lostFolder);
    await settleMoves(this.options.folder, this.bases);
    await forgetLostBases(this.lostFolder);
    if (this.disposables.isDisposed) return;
    this.disposables.add(
      files.onDidChangeText((fileId) => {
        const isBeingListed = this.intake.isListing && this.bases.pathFor(fileId) === undefined;
        if (!isBeingListed) this.delay.changed(fileId);
      }),
    );
    this.disposables.add(files.onDidChangeFiles(() => this.list.notice()));
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

  /** Resolves when everything that can be written by now is on disk: not what other programs have changed just now. */
  async flush(): Promise<void> {
    // Whoever goes on typing is not waited for: what is written is noticed on disk, and then more is to be written.
    for (let round = 0; round < MAX_FLUSH_ROUNDS; round++) {
      this.batches.hurry();
      this.takeList();
      this.takeGone();
      this.delay.flush();
      this.enqueueLate(true);
      await this.tasks.whenIdle();
      if (this.isStopped || !this.isWaiting) break;
    }
    if (this.act.isOpen) await this.tasks.run(() => this.act.finish());
  }

  /** Resolves when nothing is being read or written; what is to come later may wait. */
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
    return this.delay.isWaiting || this.batches.isWaiting || this.goneNotices.isWaiting || this.list.isWaiting;
  }

  private createAct(): DiskAct {
    const { folder, ledger, scheduler } = this.options;
    return new DiskAct({
      folder,
      ledger,
      scheduler,
      hasNoticed: () => this.batches.isWaiting,
      isUnsure: () => this.isUnsure,
      isHalted: () => this.isHalted,
      enqueue: (task) => this.enqueue(task),
    });
  }

  private async watch(): Promise<void> {
    if (this.options.isWatching !== false) await this.watched.follow();
  }

  private enqueue(task: () => Promise<void>): void {
    this.tasks.enqueue(task);
  }

  private async finishTask(): Promise<void> {
    await this.tellUnsafe();
    if (!this.isUnsure && !this.batches.isWaiting && !this.act.isOpen) this.options.ledger?.closeLoose();
  }

  /** Bases are the caller's again only when every file that was moved is safe. */
  private async tellUnsafe(): Promise<void> {
    for (const { fileId, error } of await this.fileSync.whenSafe()) this.failed.tellFile(fileId, error);
  }

  private async syncFile(fileId: string, isGoneForSure: boolean): Promise<void> {
    if (this.isStopped) return;
    try {
      await this.trySync(fileId, { isGoneForSure, isAlone: true });
    } catch (error) {
      this.failed.tellFile(fileId, error);
    }
  }

  /** Resolves to false when it has to be tried while no others are brought in step. */
  private async trySync(fileId: string, manner: SyncManner): Promise<boolean> {
    const outcome = await this.fileSync.sync(fileId, manner);
    if (outcome === 'alone') return false;
    if (outcome === 'gone') this.goneNotices.add(fileId);
    // Whether that is in step is known only when it is sure that it is gone.
    else this.failed.resolveFile(fileId);
    return true;
  }

  private async syncFiles(fileIds: Iterable<string>): Promise<void> {
    await syncInOrder(fileIds, {
      files: this.options.files,
      bases: this.bases,
      concurrentSyncs: this.options.concurrentSyncs,
      isStopped: () => this.isStopped,
      sync: (fileId, isAlone) => this.trySync(fileId, { isGoneForSure: false, isAlone }),
      onFailed: (fileId, error) => this.failed.tellFile(fileId, error),
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
    this.act.finishBatch();
  }

  private enqueueLate(isLast: boolean): void {
    this.enqueue(() => this.failed.tryLate(() => this.fileSync.takeLate(isLast)));
  }

  private shareBits(): void {
    if (this.disposables.isDisposed) return;
    for (const { fileId, error } of this.fileSync.shareBits()) this.failed.tellFile(fileId, error);
  }

  private retryFailed({ fileIds, paths }: Failed): void {
    if (this.failed.isFolderLost) return this.enqueue(() => this.reconcileAll());
    if (paths.length > 0) this.noticeDisk(paths);
    this.enqueue(() => this.syncFiles(fileIds));
  }

  private takeList(): void {
    const changed = this.list.takeChanged();
    if (changed.length > 0) this.enqueue(() => this.syncHurried(changed));
  }

  private takeGone(): void {
    // What came meanwhile may be these files under other names.
    this.batches.hurry();
    const goneIds = this.goneNotices.take();
    if (goneIds.length > 0) this.enqueue(() => this.syncGone(goneIds));
  }

  private async syncGone(fileIds: readonly string[]): Promise<void> {
    this.goneNotices.delete(fileIds);
    const others = await this.gone.remove(fileIds).catch((error: unknown) => {
      if (!isAboutFolder(error)) throw error;
      return fileIds;
    });
    for (const fileId of others) await this.syncFile(fileId, true);
    this.shareBits();
    this.act.finishBatch();
  }

  private noticeDisk(paths: readonly string[]): void {
    if (this.disposables.isDisposed) return;
    this.act.notice();
    this.batches.add(paths);
  }

  /** What became of some files is found out only later. */
  private get isUnsure(): boolean {
    return this.goneNotices.isWaiting || this.rest.isWaiting || this.restedTasks > 0;
  }

  private async reconcileAll(): Promise<void> {
    await this.act.begin(0);
    await this.reconcileNow();
    await this.act.finish();
  }

  private async followDisk(): Promise<void> {
    if (await this.act.isGitAtWork()) await this.batches.settle();
    const paths = this.batches.take();
    if (paths.length === 0 || this.isStopped) return;
    await this.act.begin(paths.length);
    await this.takePaths(paths);
    this.act.finishBatch();
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
      const gone = await this.intake.findGone(new Set([...sorted.knownIds, ...this.goneNotices.fileIds]));
      await this.intake.take(sorted.found, gone);
      this.problems.resolveUnconfirmed(looked);
      await this.syncFiles(sorted.knownIds);
    } catch (error) {
      if (!isAboutFolder(error)) throw error;
      this.failed.tellFolder(error);
    }
  }

  private async reconcileNow(): Promise<void> {
    this.problems.beginCheck();
    await this.excludes.read();
    try {
      const isOther = await this.root.open();
      if (isOther) forgetOtherFolder(this.lostFolder);
      else if (this.failed.isFolderLost) await forgetLostBases(this.lostFolder);
      await this.root.note();
      if (isOther || !this.watched.isFollowed) await this.watch();
      await this.intake.takeAll();
      if (this.isStopped) return;
    } catch (error) {
      if (!isAboutFolder(error)) throw error;
      this.failed.tellFolder(error);
      return;
    }
    this.failed.resolveFolder();
    await this.mounts.learn(this.bases.list().map(({ path }) => path));
    const known = [...this.options.files.files, ...this.bases.list()].map(({ fileId }) => fileId);
    await this.syncHurried(new Set([...this.list.takeChanged(), ...known]));
    this.problems.resolveUnconfirmed();
  }

  private async syncHurried(fileIds: Iterable<string>): Promise<void> {
    const { hurried, unhurried } = splitUnhurried(fileIds, { files: this.options.files, bases: this.bases });
    this.unhurried.add(unhurried);
    await this.syncFiles(hurried);
  }
}
