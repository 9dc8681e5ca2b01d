import { type Disposable, Emitter } from '../../../shared/lifecycle/index.ts';

/** A value that changes over time. `get` returns the identical value until the next change. */
export interface Observable<T> {
  get(): T;
  /** Calls `listener` after every change. */
  subscribe(listener: () => void): Disposable;
}

/** An {@link Observable} that its owner sets. Setting the identical value is no change. */
export class ObservableValue<T> implements Observable<T> {
  private readonly changed = new Emitter<void>();
  private current: T;

  constructor(initial: T) {
    this.current = initial;
  }

  get(): T {
    return this.current;
  }

  set(next: T): void {
    if (Object.is(next, this.current)) return;
    this.current = next;
    this.changed.fire();
  }

  subscribe(listener: () => void): Disposable {
    return this.changed.event(listener);
  }
}
