import type { Disposable, Scheduler } from '../../../shared/lifecycle/index.ts';

const QUIET_MS = 200;
const LONGEST_MS = 2000;

/** Waits for a pause in the changes of each file, but not for ever. */
export class WriteDelay implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly onDue: (fileId: string) => void;
  private readonly waiting = new Map<string, { readonly sinceMs: number; timer: Disposable }>();

  constructor(scheduler: Scheduler, onDue: (fileId: string) => void) {
    this.scheduler = scheduler;
    this.onDue = onDue;
  }

  changed(fileId: string): void {
    const earlier = this.waiting.get(fileId);
    const nowMs = this.scheduler.now();
    const sinceMs = earlier?.sinceMs ?? nowMs;
    earlier?.timer.dispose();
    const delayMs = Math.max(0, Math.min(QUIET_MS, sinceMs + LONGEST_MS - nowMs));
    const timer = this.scheduler.schedule(() => this.fire(fileId), delayMs);
    this.waiting.set(fileId, { sinceMs, timer });
  }

  get isWaiting(): boolean {
    return this.waiting.size > 0;
  }

  /** Everything that waits is due now. */
  flush(): void {
    for (const fileId of [...this.waiting.keys()]) this.fire(fileId);
  }

  dispose(): void {
    for (const { timer } of this.waiting.values()) timer.dispose();
    this.waiting.clear();
  }

  private fire(fileId: string): void {
    this.waiting.get(fileId)?.timer.dispose();
    this.waiting.delete(fileId);
    this.onDue(fileId);
  }
}
