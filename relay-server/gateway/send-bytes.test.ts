import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { connectToServer } from '../testing/connect-to-server.ts';
import { sendBytes } from './send-bytes.ts';

/** More than the system takes for a client that does not read. */
const LARGE = Buffer.alloc(32 * 1024 * 1024, 'x');
const LEAST_RATE = { bytes: 64 * 1024, withinMs: 30_000 };

interface Sending {
  readonly socket: Socket;
  readonly sent: Promise<void>;
  readonly scheduler: ManualScheduler;
  /** What the system, and Node's own buffer, have taken of it so far. */
  readonly takenBytes: () => number;
}

/** Sends `bytes` to a client that has not begun to read. */
async function start(bytes: Uint8Array): Promise<Sending> {
  const sent = Promise.withResolvers<void>();
  const scheduler = new ManualScheduler();
  let takenBytes = () => 0;
  const socket = await connectToServer((_request, response) => {
    takenBytes = () => response.socket?.bytesWritten ?? 0;
    response.writeHead(200, { 'Content-Length': bytes.byteLength, Connection: 'close' });
    sent.resolve(sendBytes(response, bytes, LEAST_RATE, scheduler));
  });
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return { socket, sent: sent.promise, scheduler, takenBytes: () => takenBytes() };
}

it('cuts off who does not read', async () => {
  const { sent, socket, scheduler } = await start(LARGE);
  let isOver = false;
  void sent.finally(() => (isOver = true));
  while (!isOver) {
    await nextTurn();
    scheduler.advance(LEAST_RATE.withinMs);
  }
  let bytes = 0;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('data', (piece) => (bytes += piece.byteLength));
  await closed;
  expect(bytes).toBeLessThan(LARGE.byteLength);
  expect(scheduler.pendingCount).toBe(0);
});

it('does not hurry who reads slowly', async () => {
  const { sent, socket, scheduler, takenBytes } = await start(LARGE);
  let [bytes, spans, countedBytes] = [0, 0, 0];
  const closed = new Promise((resolve) => socket.once('close', resolve));
  // Each span of time a little more than has to be taken, with what may wait in Node's own buffer.
  socket.on('data', (piece) => {
    bytes += piece.byteLength;
    if (takenBytes() - countedBytes < 4 * LEAST_RATE.bytes) return;
    countedBytes = takenBytes();
    spans++;
    scheduler.advance(LEAST_RATE.withinMs);
  });
  await Promise.all([sent, closed]);
  expect(spans).toBeGreaterThan(2);
  expect(bytes).toBeGreaterThan(LARGE.byteLength);
  expect(scheduler.pendingCount).toBe(0);
});
