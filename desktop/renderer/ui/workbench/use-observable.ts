import { useCallback, useSyncExternalStore } from 'react';
import type { Observable } from '../observable.ts';

/** The current value; the component renders again when it changes. */
export function useObservable<T>(observable: Observable<T>): T {
  const subscribe = useCallback(
    (listener: () => void) => {
      const subscription = observable.subscribe(listener);
      return () => subscription.dispose();
    },
    [observable],
  );
  return useSyncExternalStore(subscribe, () => observable.get());
}
