import { setImmediate as nextTurn } from 'node:timers/promises';
import { join } from 'node:path';
import { type Disposable, DisposableStore, MutableDisposable, reportUnexpectedError, type Scheduler } from '../../../shared/lifecycle/index.ts';
import { comparablePath } from '../../../shared/workspace/index.ts';
import { FileSync } from './file-sync.ts';
import { type DiskEvent, watchFolder } from './folder-watcher.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { explainFailure, ProblemBoard } from './problem-board.ts';
import { SerialQueue } from './serial-queue.ts';
import type { MirrorBaseStore, MirrorProblem, NewSharedFile, SharedFiles } from './shared-files.ts';
import { type DiskFile, readDiskFile } from './text-file.ts';
import { openFolder, walkFolder, type WalkedFile } from './walk-folder.ts';
import { isSharedFile } from './shared-file-check.ts';
import { WriteDelay } from './write-delay.ts';

export interface FolderMirrorOptions {
  /** Real path of the opened folder. */
  readonly folder: string;
  /** Stays the caller's. */
  readonly files: SharedFiles;
  readonly bases: MirrorBaseStore;
  readonly scheduler: Scheduler;
  readonly onProblem: (problem: MirrorProblem) => void;
  /** Follows changes on disk by itself; on unless false. */
  readonly isWatching?: boolean;
}

const SEED_BATCH = 50;
/** Other programs save by deleting and making anew: what is gone is looked at again after this time. */
const DISK_SETTLE_MS = 100;
const LIST_SETTLE_MS = 50;

interface FoundFile {
  readonly path: string;
  readonly disk: Exclude<DiskFile, { kind: 'missing' }>;
}

/** Keeps the opened folder and the room's files in step. */
export class FolderMirror implements Disposable {
  private readonly options: FolderMirrorOptions;
  private readonly disposables = new DisposableStore();
  private readonly queue = new SerialQueue();
  private readonly problems: ProblemBoard;
  private readonly fileSync: FileSync;
  private readonly delay: WriteDelay;
  private readonly listTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly diskTimer = this.disposables.add(new MutableDisposable<Disposable>());
  private diskEvents: DiskEvent[] = [];

  constructor(options: FolderMirrorOptions) {
    this.options = options;
    const { folder: root, files, bases, scheduler } = options;
    this.problems = new ProblemBoard(options.onProblem);
    this.fileSync = new FileSync({ root, files, bases, problems: this.problems, nowMs: () => scheduler.now() });
    this.delay = this.disposables.add(new WriteDelay(scheduler, (fileId) => this.enqueueSync(fileId)));
  }

  /** Reconciles folder and room, then follows both. Rejects with WorkspaceError when the folder cannot be opened. */
  async start(): Promise<void> {
    const { files, bases, folder, isWatching = true } = this.options;
    // A list that was lost must not empty the folder: without one, everything on disk is new.
    if (files.files.length === 0) for (const { fileId } of bases.list()) bases.delete(fileId);
    if (isWatching) {
      const watching = await watchFolder(folder, {
        onEvents: (events) => this.noticeDisk(events),
        onOverflow: () => void this.reconcile().catch(reportUnexpectedError),
      });
      this.disposables.add(watching);
    }
    await this.reconcile();
    if (this.disposables.isDisposed) return;
    this.disposables.add(files.onDidChangeText((fileId) => this.delay.changed(fileId)));
    this.disposables.add(files.onDidChangeFiles(() => this.noticeList()));
    this.noticeList();
  }

  /** Compares the whole folder with the room once more, for changes that the system did not announce. */
  reconcile(): Promise<void> {
    return this.queue.run(() => this.reconcileNow());
  }

  /** Where a file is on this device; undefined when it is not in the folder (yet). */
  pathOnDisk(fileId: string): string | undefined {
    const base = this.options.bases.get(fileId);
    return base && join(this.options.folder, base.path);
  }

  /** Tries again what failed. */
  retry(): void {
    this.reconcile().catch(reportUnexpectedError);
  }

  /** Resolves when everything that can be written is on disk. */
  async flush(): Promise<void> {
    this.takeDiskEvents();
    this.takeList();
    this.delay.flush();
    await this.queue.whenIdle();
  }

  /** Stops following. What was not written yet is caught up by the next mirror on the same bases. */
  dispose(): void {
    this.disposables.dispose();
  }

  private enqueueSync(fileId: string): void {
    void this.queue.run(() => this.syncFile(fileId)).catch(reportUnexpectedError);
  }

  private async syncFile(fileId: string): Promise<void> {
    const id = `file:${fileId}`;
    const wasOpen = this.problems.openIds.includes(id);
    try {
      await this.fileSync.sync(fileId);
      if (wasOpen) this.problems.resolve(id);
    } catch (error) {
      const path = this.options.files.files.find((file) => file.fileId === fileId)?.path ?? '';
      this.problems.report({ id, severity: 'error', path, fileId, ...explainFailure(error), canRetry: true });
    }
  }

  private noticeList(): void {
    this.listTimer.value ??= this.options.scheduler.schedule(() => this.takeList(), LIST_SETTLE_MS);
  }

  private takeList(): void {
    this.listTimer.value = undefined;
    const { files, bases } = this.options;
    const known = new Map(bases.list().map(({ fileId, path }) => [fileId, path]));
    for (const { fileId, path, kind } of files.files) {
      if (known.get(fileId) !== path && (kind === 'text' || known.has(fileId))) this.enqueueSync(fileId);
      known.delete(fileId);
    }
    for (const fileId of known.keys()) this.enqueueSync(fileId);
  }

  private noticeDisk(events: readonly DiskEvent[]): void {
    this.diskEvents.push(...events);
    this.diskTimer.value ??= this.options.scheduler.schedule(() => this.takeDiskEvents(), DISK_SETTLE_MS);
  }

  private takeDiskEvents(): void {
    this.diskTimer.value = undefined;
    const events = this.diskEvents;
    this.diskEvents = [];
    if (events.length === 0) return;
    this.queue.run(() => this.followDisk(events)).catch(reportUnexpectedError);
  }

  private async followDisk(events: readonly DiskEvent[]): Promise<void> {
    const byPath = this.listedByPath();
    const paths = [...new Set(events.map(({ path }) => path))];
    const isKnown = (path: string) => byPath.has(comparablePath(path));
    // A folder that came or went, or new rules of what to leave out: the whole is compared.
    const isLarge = paths.some((path) => path.endsWith('.gitignore')) || events.some(({ type, path }) => type === 'delete' && !isKnown(path));
    if (isLarge) return this.reconcileNow();
    const created: FoundFile[] = [];
    const rules = new IgnoreRules(this.options.folder);
    for (const path of paths.filter((candidate) => !isKnown(candidate))) {
      const absolutePath = join(this.options.folder, path);
      if (await isLeftOut(rules, path)) continue;
      if (!(await isSharedFile(this.options.folder, absolutePath))) return this.reconcileNow();
      const disk = await this.readFound({ path, absolutePath });
      if (disk) created.push({ path, disk });
    }
    await this.takeIn(created);
    for (const path of paths) {
      const fileId = byPath.get(comparablePath(path));
      if (fileId !== undefined) await this.syncFile(fileId);
    }
  }

  private async reconcileNow(): Promise<void> {
    const { folder, files, bases } = this.options;
    const scanned: WalkedFile[] = [];
    try {
      const rootRealPath = await openFolder(folder);
      const rules = new IgnoreRules(rootRealPath);
      const onProblem = (error: { readonly path: string }) => this.tellUnread(error);
      for await (const batch of walkFolder({ rootRealPath, rules, onProblem })) scanned.push(...batch);
      this.problems.resolve('folder');
    } catch (error) {
      this.problems.report({ id: 'folder', severity: 'error', path: '', ...explainFailure(error), canRetry: true });
      return;
    }
    const byPath = this.listedByPath();
    const created: FoundFile[] = [];
    for (const found of scanned) {
      if (byPath.has(comparablePath(found.path))) continue;
      const disk = await this.readFound(found);
      if (disk) created.push({ path: found.path, disk });
      if (created.length >= SEED_BATCH && bases.list().length === 0) await this.takeIn(created.splice(0));
    }
    await this.takeIn(created);
    const ids = new Set([...files.files.map(({ fileId }) => fileId), ...bases.list().map(({ fileId }) => fileId)]);
    for (const fileId of ids) await this.syncFile(fileId);
  }

  /** Lists files that are new on disk; one whose content is that of a file which is gone from disk was renamed. */
  private async takeIn(found: readonly FoundFile[]): Promise<void> {
    const { files, bases } = this.options;
    if (found.length === 0) return;
    const gone = await this.listGone();
    const fresh: FoundFile[] = [];
    for (const file of found) {
      const fileId = file.disk.kind === 'text' ? gone.get(file.disk.hash) : undefined;
      if (fileId === undefined || file.disk.kind !== 'text') {
        fresh.push(file);
        continue;
      }
      gone.delete(file.disk.hash);
      bases.set(fileId, { path: file.path, hash: file.disk.hash, text: file.disk.text });
      files.update(fileId, { path: file.path });
    }
    for (let start = 0; start < fresh.length; start += SEED_BATCH) {
      const batch = fresh.slice(start, start + SEED_BATCH);
      const ids = files.createFiles(batch.map(toNewFile));
      for (const [position, { path, disk }] of batch.entries()) {
        const fileId = ids[position];
        const known = disk.kind === 'text' ? { hash: disk.hash, text: disk.text } : { hash: '', text: '' };
        if (fileId !== undefined) bases.set(fileId, { path, ...known });
      }
      await nextTurn();
    }
  }

  /** Files that are listed but gone from disk, by the hash of what they were. */
  private async listGone(): Promise<Map<string, string>> {
    const { files, bases, folder } = this.options;
    const gone = new Map<string, string>();
    for (const { fileId, path } of bases.list()) {
      const base = bases.get(fileId);
      const isListed = files.files.some((file) => file.fileId === fileId);
      if (!base || base.hash === '' || !isListed) continue;
      if (!(await isSharedFile(folder, join(folder, path)))) gone.set(base.hash, fileId);
    }
    return gone;
  }

  private async readFound({ absolutePath, path }: WalkedFile): Promise<FoundFile['disk'] | undefined> {
    try {
      const disk = await readDiskFile(absolutePath, path);
      this.problems.resolve(`path:${path}`);
      return disk.kind === 'missing' ? undefined : disk;
    } catch (error) {
      this.problems.report({ id: `path:${path}`, severity: 'warning', path, ...explainFailure(error), canRetry: true });
      return undefined;
    }
  }

  private tellUnread(error: { readonly path: string }): void {
    const { path } = error;
    this.problems.report({ id: `path:${path}`, severity: 'warning', path, ...explainFailure(error), canRetry: true });
  }

  private listedByPath(): Map<string, string> {
    const { files, bases } = this.options;
    const byPath = new Map(files.files.map(({ fileId, path }) => [comparablePath(path), fileId]));
    // A file that was renamed or removed in the room is still where it was on disk.
    for (const { fileId, path } of bases.list()) byPath.set(comparablePath(path), fileId);
    return byPath;
  }
}

function toNewFile({ path, disk }: FoundFile): NewSharedFile {
  if (disk.kind !== 'text') return { path, kind: disk.kind, eol: 'LF', bom: false, sizeBytes: disk.sizeBytes };
  return { path, kind: 'text', ...disk.format, text: disk.text };
}

async function isLeftOut(rules: IgnoreRules, path: string): Promise<boolean> {
  const segments = path.split('/');
  for (let depth = 1; depth <= segments.length; depth++) {
    await rules.readFolder(segments.slice(0, depth - 1).join('/'));
    if (rules.ignores(segments.slice(0, depth).join('/'), depth < segments.length)) return true;
  }
  return false;
}
