import { type ResourceLimits, Worker } from 'node:worker_threads';

const TIMEOUT_MS = 120_000;
/** Bounds what one document can take from the process; a document beyond it is read from its log. */
const RESOURCE_LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 64 };

/**
 * Makes a snapshot in a thread of its own, so that no keystroke waits for it. Rejects when the thread needs too long or
 * more memory than `resourceLimits`, and when the signal aborts; the thread is ended then.
 */
export function createSnapshotInThread(
  parts: readonly Uint8Array[],
  signal?: AbortSignal,
  resourceLimits: ResourceLimits = RESOURCE_LIMITS,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const worker = new Worker(new URL('./snapshot-worker.ts', import.meta.url), { workerData: parts, resourceLimits });
    const end = (reason: Error) => {
      reject(reason);
      // It resolves in any case; the `exit` event cleans up.
      void worker.terminate();
    };
    const onAbort = () => end(new Error('making a snapshot was given up', { cause: signal?.reason }));
    const timer = setTimeout(() => end(new Error(`making a snapshot took more than ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    signal?.addEventListener('abort', onAbort, { once: true });
    // A thread at work does not keep a stopping relay alive: the log has everything.
    worker.unref();
    timer.unref();
    worker.once('message', (snapshot: unknown) => {
      if (snapshot instanceof Uint8Array) resolve(snapshot);
      else reject(new Error('the snapshot thread answered with something else'));
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      reject(new Error(`the snapshot thread ended with ${code} and without an answer`));
    });
  });
}
