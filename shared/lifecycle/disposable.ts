import { reportUnexpectedError } from './unexpected-error.ts';
import { noteCreated, noteDisposed } from './leak-tracker.ts';

/** Something that holds a resource until `dispose` is called. Calling it twice is harmless. */
export interface Disposable {
  dispose(): void;
}

/** Wraps a cleanup function; it runs at most once. */
export function toDisposable(cleanup: () => void): Disposable {
  let isDisposed = false;
  const disposable: Disposable = {
    dispose() {
      if (isDisposed) return;
      isDisposed = true;
      noteDisposed(disposable);
      cleanup();
    },
  };
  noteCreated(disposable);
  return disposable;
}

/** Owns a set of disposables and disposes them last-in, first-out. What is added afterwards is disposed at once. */
export class DisposableStore implements Disposable {
  private readonly items = new Set<Disposable>();
  private disposed = false;

  constructor() {
    noteCreated(this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Takes ownership of `item` and returns it. */
  add<T extends Disposable>(item: T): T {
    if (this.disposed) {
      item.dispose();
    } else {
      this.items.add(item);
    }
    return item;
  }

  /** Disposes `item` now and gives up its ownership. */
  delete(item: Disposable): void {
    this.items.delete(item);
    item.dispose();
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    noteDisposed(this);
    this.clear();
  }

  /** Disposes all items; the store stays usable. One failing item does not keep the others alive. */
  clear(): void {
    const items = [...this.items].reverse();
    this.items.clear();
    for (const item of items) {
      try {
        item.dispose();
      } catch (error) {
        reportUnexpectedError(error);
      }
    }
  }
}

/** Holds one replaceable disposable, such as a pending timer: setting a new value disposes the old one. */
export class MutableDisposable<T extends Disposable> implements Disposable {
  private current: T | undefined;
  private disposed = false;

  get value(): T | undefined {
    return this.current;
  }

  set value(next: T | undefined) {
    if (next === this.current) return;
    this.current?.dispose();
    this.current = this.disposed ? undefined : next;
    if (this.disposed) next?.dispose();
  }

  dispose(): void {
    this.disposed = true;
    this.current?.dispose();
    this.current = undefined;
  }
}
