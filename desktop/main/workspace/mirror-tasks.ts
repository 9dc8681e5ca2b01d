import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  reportUnexpectedError,
  type Scheduler,
} from '../../../shared/lifecycle/index.ts';
import { GitLock } from './git-lock.ts';
import type { ProblemBoard } from './problem-board.ts';
import { SerialQueue } from './serial-queue.ts';

/** The person is told of work that has not come to its end after this time. */
const BEHIND_MS = 20_000;
const BEHIND_PROBLEM = 'behind';

export interface MirrorTasksOptions {
  /** Real path. */
  readonly folder: string;
  readonly scheduler: Scheduler;
  readonly problems: ProblemBoard;
  /** Runs after each task, whatever became of it. */
  readonly onEnd: () => Promise<void>;
  /** A task failed for a reason that nobody reckoned with: what it has left undone is not known. */
  readonly onFailed: () => void;
}

/** What is to be done in a folder, one task after the other, and none while Git changes files there. */
export class MirrorTasks implements Disposable {
  private readonly options: MirrorTasksOptions;
  private readonly disposables = new DisposableStore();
  private readonly queue = new SerialQueue();
  private readonly gitLock: GitLock;
  private readonly overdue = this.disposables.add(new MutableDisposable<Disposable>());
  private unfinished = 0;

  constructor(options: MirrorTasksOptions) {
    this.options = options;
    this.gitLock = this.disposables.add(new GitLock(options.folder, options.scheduler));
  }

  /** Runs a task after all others; nothing once this was disposed. */
  enqueue(task: () => Promise<void>): void {
    if (this.disposables.isDisposed) return;
    this.run(task).catch((error: unknown) => {
      reportUnexpectedError(error);
      this.options.onFailed();
    });
  }

  /** Runs a task after all others. Resolves or rejects with it. */
  async run(task: () => Promise<void>): Promise<void> {
    this.begun();
    try {
      await this.queue.run(() => this.perform(task));
    } finally {
      this.ended();
    }
  }

  /** Resolves when everything that was queued so far has ended, with all that it queued itself. */
  whenIdle(): Promise<void> {
    return this.queue.whenIdle();
  }

  /** Nothing is enqueued any more; what was comes to its end. */
  dispose(): void {
    this.disposables.dispose();
  }

  private async perform(task: () => Promise<void>): Promise<void> {
    // What Git writes and what is written here would be mixed up.
    await this.gitLock.whenFree();
    try {
      await task();
    } catch (error) {
      await this.options.onEnd().catch(reportUnexpectedError);
      throw error;
    }
    await this.options.onEnd();
  }

  private begun(): void {
    this.unfinished++;
    if (this.unfinished === 1) this.overdue.value = this.options.scheduler.schedule(() => this.tellBehind(), BEHIND_MS);
  }

  private ended(): void {
    this.unfinished--;
    if (this.unfinished > 0) return;
    this.overdue.value = undefined;
    this.options.problems.resolve(BEHIND_PROBLEM);
  }

  private tellBehind(): void {
    this.options.problems.tell({
      id: BEHIND_PROBLEM,
      severity: 'info',
      path: '',
      title: 'The folder and the room are not the same yet.',
      detail:
        'Many files have changed, or the disk is slow: Tutti is still reading and writing. Nothing has to be done.',
    });
  }
}
