import { type FSWatcher, watch } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Disposable,
  MutableDisposable,
  reportUnexpectedError,
  systemScheduler,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import type { FolderWatch, FolderWatchEvents } from './folder-watch.ts';
import { LEFT_OUT_FOLDERS } from './ignore-rules.ts';
import { isOwnFile } from './own-files.ts';
import { SerialQueue } from './serial-queue.ts';
import { TurnBudget } from './turn-budget.ts';
import { errnoOf } from './workspace-error.ts';

/** Most changes come as several events. */
const GATHER_MS = 20;
/** The system keeps 16,384 events for us, and drops further ones without a word. Some of those it keeps are not told. */
const MANY_EVENTS = 8_192;
const LOOKED_AT_ONCE = 64;
const GONE = ['ENOENT', 'ENOTDIR'];
const NOT_TO_BE_FOLLOWED = [...GONE, 'EACCES', 'EPERM'];

/**
 * Follows a folder where the system watches single folders only, as Linux does. Rejects when it cannot be followed.
 * `manyEvents`: so many at once, and some may have been dropped.
 */
export async function watchEachFolder(
  root: string,
  events: FolderWatchEvents,
  manyEvents = MANY_EVENTS,
): Promise<FolderWatch> {
  const watching = new EachFolderWatch(root, events, manyEvents);
  try {
    await watching.begin();
    return watching;
  } catch (error) {
    watching.dispose();
    throw error;
  }
}

/**
 * Each folder is watched before it is looked into, and everything that comes in one that is watched is looked at: so no
 * folder is missed, however fast it is filled, and none is told by a path that it does not have any more.
 */
class EachFolderWatch implements FolderWatch {
  private readonly root: string;
  private readonly events: FolderWatchEvents;
  private readonly manyEvents: number;
  private readonly queue = new SerialQueue();
  /** By path as it is on disk, '' for the root. With a folder, all those above it are here. */
  private readonly watches = new Map<string, FSWatcher>();
  /** Folders that may not be read. */
  private readonly closed = new Set<string>();
  private readonly gathering = new MutableDisposable<Disposable>();
  private readonly turn = new MutableDisposable<Disposable>();
  private changed = new Set<string>();
  /** Paths at which something came or went. */
  private moved = new Set<string>();
  private eventsInTurn = 0;
  private hasMissed = false;
  private isFollowing = false;
  private isDisposed = false;
  private readonly finished = Promise.withResolvers<void>();
  readonly ended = this.finished.promise;

  constructor(root: string, events: FolderWatchEvents, manyEvents: number) {
    this.root = root;
    this.events = events;
    this.manyEvents = manyEvents;
  }

  /** Nothing is told before it has resolved. */
  async begin(): Promise<void> {
    do {
      this.hasMissed = false;
      await this.queue.run(() => this.follow(''));
    } while (this.hasMissed);
    this.isFollowing = true;
    this.gather();
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.gathering.dispose();
    this.turn.dispose();
    this.forget('');
    this.queue.whenIdle().then(this.finished.resolve, reportUnexpectedError);
  }

  /** Watches a folder and all below it; what is watched there already gives way, since it may be something else. */
  private async follow(folder: string): Promise<void> {
    this.forget(folder);
    const budget = new TurnBudget();
    const pending = [folder];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      pending.push(...(await this.followOne(next)));
      await budget.pause();
    }
  }

  /** Resolves to the folders in it. */
  private async followOne(folder: string): Promise<readonly string[]> {
    if (this.isDisposed) return [];
    try {
      this.watch(folder);
      const entries = await readdir(join(this.root, folder), { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory() && !isLeftOut(entry.name))
        .map(({ name }) => pathIn(folder, name));
    } catch (error) {
      if (folder === '' || !NOT_TO_BE_FOLLOWED.includes(errnoOf(error))) throw error;
      this.forget(folder);
      // Whoever walks the folder tells of it.
      if (!GONE.includes(errnoOf(error))) this.closed.add(folder);
      return [];
    }
  }

  private watch(folder: string): void {
    const watcher = watch(join(this.root, folder), (kind, name) => this.notice(folder, kind, name));
    watcher.on('error', (error) => this.fail(error));
    this.watches.set(folder, watcher);
  }

  private forget(folder: string): void {
    this.closed.delete(folder);
    if (!this.watches.has(folder)) return;
    for (const [path, watcher] of this.watches) {
      if (!isAtOrBelow(path, folder)) continue;
      watcher.close();
      this.watches.delete(path);
    }
  }

  private notice(folder: string, kind: string, name: string | null): void {
    if (this.isDisposed) return;
    this.count();
    if (name !== null && isLeftOut(name)) return;
    const path = name === null ? folder : pathIn(folder, name);
    const paths = kind === 'change' && !this.closed.has(path) ? this.changed : this.moved;
    paths.add(path);
    this.gather();
  }

  /** What waits in the system is told in one turn. */
  private count(): void {
    this.eventsInTurn++;
    if (this.eventsInTurn === this.manyEvents) this.miss();
    if (this.turn.value) return;
    const soon = setImmediate(() => {
      this.eventsInTurn = 0;
      this.turn.value = undefined;
    });
    this.turn.value = toDisposable(() => clearImmediate(soon));
  }

  private miss(): void {
    this.hasMissed = true;
    if (this.isFollowing) this.events.onOverflow(new Error('Some of many changes at once may not have been told.'));
  }

  private gather(): void {
    if (!this.isFollowing || this.changed.size + this.moved.size === 0) return;
    this.gathering.value ??= systemScheduler.schedule(() => this.take(), GATHER_MS);
  }

  private take(): void {
    this.gathering.value = undefined;
    const [changed, moved] = [this.changed, this.moved];
    this.changed = new Set();
    this.moved = new Set();
    this.tell(changed);
    if (moved.size > 0) this.queue.run(() => this.look([...moved])).catch((error: unknown) => this.fail(error));
  }

  /** Follows folders that have come, and no more those that have gone, before it tells of them. */
  private async look(paths: readonly string[]): Promise<void> {
    const folders = new Set<string>();
    // A folder comes before what is in it.
    const sorted = paths.toSorted();
    for (let start = 0; start < sorted.length; start += LOOKED_AT_ONCE) {
      const some = sorted.slice(start, start + LOOKED_AT_ONCE);
      const areFolders = await Promise.all(some.map((path) => this.isFolder(path)));
      for (const [position, path] of some.entries()) {
        if (!areFolders[position]) this.forget(path);
        else if (!isBelowOneOf(path, folders)) {
          await this.follow(path);
          folders.add(path);
        }
      }
    }
    this.tell(paths);
  }

  private async isFolder(path: string): Promise<boolean> {
    try {
      return (await lstat(join(this.root, path))).isDirectory();
    } catch (error) {
      if (NOT_TO_BE_FOLLOWED.includes(errnoOf(error))) return false;
      throw error;
    }
  }

  private tell(paths: Iterable<string>): void {
    const told = new Set([...paths].map((path) => path.normalize('NFC')));
    if (told.size > 0 && !this.isDisposed) this.events.onPaths([...told]);
  }

  private fail(error: unknown): void {
    // That the folder itself is gone is found out where paths are told.
    if (GONE.includes(errnoOf(error))) this.tell(['']);
    else if (!this.isDisposed) this.events.onFailed(error);
  }
}

function isLeftOut(name: string): boolean {
  return LEFT_OUT_FOLDERS.includes(name) || isOwnFile(name);
}

function pathIn(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function isAtOrBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

function isBelowOneOf(path: string, folders: ReadonlySet<string>): boolean {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (folders.has(path.slice(0, end))) return true;
  }
  return false;
}
