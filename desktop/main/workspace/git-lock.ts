import { type Disposable, MutableDisposable, type Scheduler, toDisposable } from '../../../shared/lifecycle/index.ts';
import { findGitFolder, identifyIndexLock } from './git-state.ts';

/** A lock that is there for longer was left behind, or is held for something else than changing files. */
const LONGEST_MS = 10_000;
const POLL_MS = 25;

/** Waits while Git is changing a folder: what lies there meanwhile is half of one state and half of another. */
export class GitLock implements Disposable {
  private readonly folder: string;
  private readonly scheduler: Scheduler;
  /** The lock that was waited for in vain. */
  private leftBehind: string | undefined;
  private readonly pause = new MutableDisposable<Disposable>();
  private isDisposed = false;

  /** `folder` is a real path. */
  constructor(folder: string, scheduler: Scheduler) {
    this.folder = folder;
    this.scheduler = scheduler;
  }

  /** Whether Git is at it right now. */
  async isHeld(): Promise<boolean> {
    return (await this.find()) !== undefined;
  }

  /** To be waited for by one at a time. Resolves when Git has finished, or its lock turns out to have been left behind. */
  async whenFree(): Promise<void> {
    const sinceMs = this.scheduler.elapsedMs();
    for (;;) {
      const identity = await this.find();
      if (identity === undefined || this.isDisposed) return;
      if (this.scheduler.elapsedMs() - sinceMs >= LONGEST_MS) {
        this.leftBehind = identity;
        return;
      }
      await this.wait();
    }
  }

  /** Whoever waits, waits no longer. */
  dispose(): void {
    this.isDisposed = true;
    this.pause.dispose();
  }

  private wait(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.scheduler.schedule(() => (this.pause.value = undefined), POLL_MS);
      this.pause.value = toDisposable(() => {
        timer.dispose();
        resolve();
      });
    });
  }

  private async find(): Promise<string | undefined> {
    if (this.isDisposed) return undefined;
    const git = await findGitFolder(this.folder);
    const lock = git && (await identifyIndexLock(git));
    if (!lock || lock.identity === this.leftBehind) return undefined;
    // The clock may have been changed since: then it is waited for.
    return this.scheduler.now() - lock.madeMs >= LONGEST_MS ? undefined : lock.identity;
  }
}
