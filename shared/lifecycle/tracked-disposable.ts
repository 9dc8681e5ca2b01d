import type { Disposable } from './disposable.ts';
import { noteCreated, noteDisposed } from './leak-tracker.ts';

/** Base of what must be disposed and exists many times over: it needs no objects besides itself for that. */
export abstract class TrackedDisposable implements Disposable {
  private disposed = false;

  constructor() {
    noteCreated(this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    noteDisposed(this);
    this.release();
  }

  /** Gives up what it holds. Called once. */
  protected abstract release(): void;
}
