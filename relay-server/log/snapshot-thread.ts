import { Worker } from 'node:worker_threads';

const TIMEOUT_MS = 120_000;

/** Makes a snapshot in a thread of its own, so that no keystroke waits for it. */
export function createSnapshotInThread(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./snapshot-worker.ts', import.meta.url), { workerData: parts });
    const timer = setTimeout(() => {
      reject(new Error(`making a snapshot took more than ${TIMEOUT_MS} ms`));
      void worker.terminate();
    }, TIMEOUT_MS);
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
      reject(new Error(`the snapshot thread ended with ${code} and without an answer`));
    });
  });
}
