import type { Disposable, Scheduler } from '../../../shared/lifecycle/index.ts';

const QUIET_MS = 200;
const LONGEST_MS = 2000;

interface Waiting {
  readonly quiet: Disposable;
  readonly longest: Disposable;
}

/** Waits for a pause in the changes of each file, but not for ever. */
export class WriteDelay implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly onDue: (fileId: string) => void;
  private readonly waiting = new Map<string, Waiting>();

  constructor(scheduler: Scheduler, onDue: (fileId: string) => void) {
    this.scheduler = scheduler;
    this.onDue = onDue;
  }

  changed(fileId: string): void {
    const earlier = this.waiting.get(fileId);
    earlier?.quiet.dispose();
    const wait = (delayMs: number) => this.scheduler.schedule(() => this.fire(fileId), delayMs);
    // By timers alone: the clock may be set back meanwhile.
    const longest = earlier?.longest ?? wait(LONGEST_MS);
    this.waiting.set(fileId, { quiet: wait(QUIET_MS), longest });
  }

  get isWaiting(): boolean {
    return this.waiting.size > 0;
  }

  /** Everything that waits is due now. */
  flush(): void {
    for (const fileId of [...this.waiting.keys()]) this.fire(fileId);
  }

  dispose(): void {
    for (const fileId of [...this.waiting.keys()]) this.forget(fileId);
  }

  private fire(fileId: string): void {
    this.forget(fileId);
    this.onDue(fileId);
  }

  private forget(fileId: string): void {
    const waiting = this.waiting.get(fileId);
    this.waiting.delete(fileId);
    waiting?.quiet.dispose();
    waiting?.longest.dispose();
  }
}

/** Gathers files that are due until their turn has come, so that many are written as one task. */
export class DueFiles {
  private readonly fileIds = new Set<string>();
  private readonly onDue: (take: () => readonly string[]) => void;
  private readonly mostAtOnce: number;

  /** `onDue`: there are some, which `take` gives; where these are more than `mostAtOnce`, the others are due once more. */
  constructor(onDue: (take: () => readonly string[]) => void, mostAtOnce = Infinity) {
    this.onDue = onDue;
    this.mostAtOnce = mostAtOnce;
  }

  add(fileIds: readonly string[]): void {
    const isFirst = this.fileIds.size === 0;
    for (const fileId of fileIds) this.fileIds.add(fileId);
    if (isFirst && this.fileIds.size > 0) this.onDue(() => this.take());
  }

  private take(): readonly string[] {
    const taken: string[] = [];
    for (const fileId of this.fileIds) {
      if (taken.length >= this.mostAtOnce) break;
      taken.push(fileId);
      this.fileIds.delete(fileId);
    }
    if (this.fileIds.size > 0) this.onDue(() => this.take());
    return taken;
  }
}
