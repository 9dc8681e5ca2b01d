import { type Disposable, MutableDisposable } from '../../../shared/lifecycle/index.ts';
import { type FolderWatch, type FolderWatcherEvents, type WatchFolder, watchFolder } from './folder-watcher.ts';
import type { ProblemBoard } from './problem-board.ts';

/** Follows the opened folder, and again what comes in its place. */
export class WatchedFolder implements Disposable {
  private readonly folder: string;
  private readonly events: FolderWatcherEvents;
  private readonly problems: ProblemBoard;
  private readonly begin: WatchFolder;
  private readonly watch = new MutableDisposable<Disposable>();
  /** Those that have not ended. */
  private readonly watches = new Set<Promise<void>>();

  /** `folder` is a real path. */
  constructor(folder: string, events: FolderWatcherEvents, problems: ProblemBoard, begin: WatchFolder = watchFolder) {
    this.folder = folder;
    this.events = events;
    this.problems = problems;
    this.begin = begin;
  }

  get isFollowed(): boolean {
    return this.watch.value !== undefined;
  }

  /** Follows what is at the path now. When that cannot be done, the person is told. */
  async follow(): Promise<void> {
    try {
      const starting = this.begin(this.folder, this.events);
      this.keepUntilEnded(starting);
      this.watch.value = await starting;
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

  /** Follows nothing: what was watched follows what it was, not what comes back in its place. */
  letGo(): void {
    this.watch.value = undefined;
  }

  dispose(): void {
    this.watch.dispose();
  }

  /** Resolves, after it was disposed, once the system watches nothing for it any more. */
  async whenEnded(): Promise<void> {
    await Promise.all(this.watches);
  }

  private keepUntilEnded(starting: Promise<FolderWatch>): void {
    const ended = starting.then((watch) => watch.ended).catch(() => undefined);
    this.watches.add(ended);
    void ended.then(() => this.watches.delete(ended));
  }
}
