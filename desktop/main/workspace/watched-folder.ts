import { type Disposable, errorMessage, MutableDisposable, type Scheduler } from '../../../shared/lifecycle/index.ts';
import type { FolderWatch, FolderWatchEvents, WatchFolder } from './folder-watch.ts';
import { watchFolder } from './folder-watcher.ts';
import type { ProblemBoard } from './problem-board.ts';

/** A folder that cannot be followed is compared this much later, and then it is tried to follow it again. */
const COMPARED_AFTER_MS = 60_000;

export interface WatchedFolderOptions extends Pick<FolderWatchEvents, 'onPaths'> {
  /** Real path. */
  readonly folder: string;
  readonly scheduler: Scheduler;
  readonly problems: ProblemBoard;
  readonly begin?: WatchFolder | undefined;
  /** Changes may have been missed: the folder is to be followed, where it is not, and then everything compared. */
  readonly onMissed: () => void;
}

/** Follows the opened folder, and again what comes in its place. */
export class WatchedFolder implements Disposable {
  private readonly options: WatchedFolderOptions;
  private readonly watch = new MutableDisposable<Disposable>();
  private readonly comparing = new MutableDisposable<Disposable>();
  /** Those that have not ended. */
  private readonly watches = new Set<Promise<void>>();
  /** Whatever was begun in an earlier one counts no more. */
  private turn = 0;

  constructor(options: WatchedFolderOptions) {
    this.options = options;
  }

  get isFollowed(): boolean {
    return this.watch.value !== undefined;
  }

  /**
   * Follows what is at the path now. When that cannot be done, the person is told, and it is tried again by itself. Called
   * again, or let go, before it has resolved, it ends with nothing.
   */
  async follow(): Promise<void> {
    const { folder, problems, begin = watchFolder, onPaths } = this.options;
    this.letGo();
    const turn = this.turn;
    // What has ended may still tell of what it has seen.
    const ifCurrent = (task: () => void) => this.turn === turn && task();
    try {
      const starting = begin(folder, {
        onPaths: (paths) => ifCurrent(() => onPaths(paths)),
        onOverflow: () => ifCurrent(() => this.beginAnew()),
        onFailed: (error) => ifCurrent(() => this.fail(error)),
      });
      this.keepUntilEnded(starting);
      const watch = await starting;
      if (this.turn !== turn) return watch.dispose();
      this.watch.value = watch;
      problems.resolve('watch');
    } catch (error) {
      ifCurrent(() => this.fail(error));
    }
  }

  /** Follows nothing: what was watched follows what it was, not what comes back in its place. */
  letGo(): void {
    this.turn++;
    this.watch.value = undefined;
    this.comparing.value = undefined;
  }

  /** Has everything compared in a minute, for what may have been missed. */
  compareLater(): void {
    const { scheduler, onMissed } = this.options;
    this.comparing.value ??= scheduler.schedule(() => {
      this.comparing.value = undefined;
      onMissed();
    }, COMPARED_AFTER_MS);
  }

  dispose(): void {
    this.turn++;
    this.watch.dispose();
    this.comparing.dispose();
  }

  /** Resolves, after it was disposed, once the system watches nothing for it any more. */
  async whenEnded(): Promise<void> {
    await Promise.all(this.watches);
  }

  /** What was watched may have ended, and what has come is perhaps not watched. */
  private beginAnew(): void {
    this.letGo();
    this.options.onMissed();
  }

  private fail(error: unknown): void {
    this.letGo();
    this.options.problems.report({
      id: 'watch',
      severity: 'warning',
      path: '',
      title: 'Changes on disk are not followed.',
      detail: `The system cannot watch the folder: ${errorMessage(error)}. Until it can, folder and room are compared once a minute, and when you retry.`,
      canRetry: true,
    });
    this.compareLater();
  }

  private keepUntilEnded(starting: Promise<FolderWatch>): void {
    const ended = starting.then((watch) => watch.ended).catch(() => undefined);
    this.watches.add(ended);
    void ended.then(() => this.watches.delete(ended));
  }
}
