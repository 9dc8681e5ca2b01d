import { type Disposable, toDisposable } from './disposable.ts';
import { reportUnexpectedError } from './unexpected-error.ts';

/** Subscribes a listener; dispose the result to unsubscribe. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/** Owns an event. Only the owner fires; everybody else gets {@link Emitter.event}. */
export class Emitter<T> implements Disposable {
  private readonly listeners = new Set<{ readonly call: (value: T) => void }>();
  private disposed = false;

  readonly event: Event<T> = (listener) => {
    const entry = { call: listener };
    if (!this.disposed) this.listeners.add(entry);
    return toDisposable(() => {
      this.listeners.delete(entry);
    });
  };

  get hasListeners(): boolean {
    return this.listeners.size > 0;
  }

  /** Calls every listener in order of subscription; one that throws does not stop the others. */
  fire(value: T): void {
    for (const listener of [...this.listeners]) {
      try {
        listener.call(value);
      } catch (error) {
        reportUnexpectedError(error);
      }
    }
  }

  dispose(): void {
    this.disposed = true;
    this.listeners.clear();
  }
}
