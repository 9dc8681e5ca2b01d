import { reportUnexpectedError } from '../../../shared/lifecycle/index.ts';

/** What was asked for is not wanted any more: there is nothing to tell. */
export class CancelledError extends Error {}

/** Settles as `promise` does, but rejects with {@link CancelledError} as soon as `signal` aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(new CancelledError('This was given up.'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

export function reportUnlessCancelled(error: unknown): void {
  if (!(error instanceof CancelledError)) reportUnexpectedError(error);
}
