// The error is kept, not its stack: writing a stack down costs far more than taking it.
let live: Map<object, Error> | undefined;

/** Called by everything in this folder that must be disposed. */
export function noteCreated(item: object): void {
  live?.set(item, new Error('created here'));
}

/** Counterpart of {@link noteCreated}. */
export function noteDisposed(item: object): void {
  live?.delete(item);
}

/** Starts recording what is created from now on. For test set-up. */
export function startLeakTracking(): void {
  live = new Map();
}

/** Stops recording and returns the creation stack of everything that was not disposed. For test tear-down. */
export function stopLeakTracking(): string[] {
  const stacks = [...(live?.values() ?? [])].map(({ stack }) => stack ?? '');
  live = undefined;
  return stacks;
}
