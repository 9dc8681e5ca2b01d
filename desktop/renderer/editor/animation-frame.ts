import type { Disposable } from '../../../shared/lifecycle/index.ts';

/** Runs a task at most once per animation frame, however often it is asked for. */
export class AnimationFrameTask implements Disposable {
  private readonly task: () => void;
  private handle: number | undefined;
  private isDisposed = false;

  constructor(task: () => void) {
    this.task = task;
  }

  request(): void {
    if (this.isDisposed) return;
    this.handle ??= requestAnimationFrame(() => {
      this.handle = undefined;
      this.task();
    });
  }

  dispose(): void {
    this.isDisposed = true;
    if (this.handle !== undefined) cancelAnimationFrame(this.handle);
  }
}
