import type { ServerResponse } from 'node:http';
import { type Scheduler, systemScheduler } from '../../shared/lifecycle/index.ts';
import { LEAST_RATE, type LeastRate, watchRate } from './least-rate.ts';

const PIECE_BYTES = 16 * 1024;

/**
 * Sends the body of a response whose head was written. Whoever takes it more slowly than at `leastRate`, or not at all,
 * is cut off: the bytes must not stay in memory for good. Resolves when it has gone out, or will not.
 */
export async function sendBytes(
  response: ServerResponse,
  bytes: Uint8Array,
  leastRate: LeastRate = LEAST_RATE,
  scheduler: Scheduler = systemScheduler,
): Promise<void> {
  if (response.destroyed) return;
  let sentBytes = 0;
  let goOn: () => void = () => undefined;
  const noteDrain = () => goOn();
  response.on('drain', noteDrain);
  const closed = new Promise<void>((resolve) => {
    response.once('close', () => {
      goOn();
      resolve();
    });
  });
  const endWatch = watchRate(
    leastRate,
    () => sentBytes,
    () => response.destroy(),
    scheduler,
  );
  for (let offset = 0; offset < bytes.byteLength && !response.destroyed; offset += PIECE_BYTES) {
    const piece = bytes.subarray(offset, offset + PIECE_BYTES);
    if (!response.write(piece)) await new Promise<void>((resolve) => (goOn = resolve));
    sentBytes += piece.byteLength;
  }
  response.end();
  await closed;
  endWatch();
}
