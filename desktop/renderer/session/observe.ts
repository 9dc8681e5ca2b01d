import { type Disposable, DisposableStore } from '../../../shared/lifecycle/index.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';

/** A disposable value that depends on another one, such as everything that belongs to the room that is open. */
export function observeEach<T, R extends Disposable>(
  source: Observable<T | undefined>,
  create: (value: T) => R,
): Observable<R | undefined> & Disposable {
  const derived = new ObservableValue<R | undefined>(undefined);
  let seen: T | undefined;
  const update = () => {
    const value = source.get();
    if (value === seen) return;
    seen = value;
    const previous = derived.get();
    derived.set(value === undefined ? undefined : create(value));
    previous?.dispose();
  };
  const subscription = source.subscribe(update);
  update();
  return {
    get: () => derived.get(),
    subscribe: (listener) => derived.subscribe(listener),
    dispose() {
      subscription.dispose();
      const last = derived.get();
      derived.set(undefined);
      last?.dispose();
    },
  };
}

/** Calls `update` now, and whenever one of `events` fires. */
export function updateOn(
  update: () => void,
  ...events: readonly ((listener: () => void) => Disposable)[]
): DisposableStore {
  const store = new DisposableStore();
  for (const subscribe of events) store.add(subscribe(update));
  update();
  return store;
}
