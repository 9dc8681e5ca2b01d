import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { createSnapshot } from './create-snapshot.ts';

// Started by snapshot-thread.ts with the parts as its data; answers with the snapshot.
if (!isMainThread && parentPort) {
  const parts: unknown = workerData;
  if (!Array.isArray(parts) || !parts.every((part) => part instanceof Uint8Array))
    throw new Error('no updates were given');
  parentPort.postMessage(createSnapshot(parts));
}
