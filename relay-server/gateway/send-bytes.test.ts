import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { connectToServer } from '../testing/connect-to-server.ts';
import { sendBytes } from './send-bytes.ts';

/** More than the system takes for a client that does not read. */
const LARGE = Buffer.alloc(32 * 1024 * 1024, 'x');
const LEAST_RATE = { bytes: 64 * 1024, withinMs: 800 };

/** Sends `bytes` to a client that has not begun to read. */
async function start(bytes: Uint8Array): Promise<{ readonly socket: Socket; readonly sent: Promise<void> }> {
  const sent = Promise.withResolvers<void>();
  const socket = await connectToServer((_request, response) => {
    response.writeHead(200, { 'Content-Length': bytes.byteLength, Connection: 'close' });
    sent.resolve(sendBytes(response, bytes, LEAST_RATE));
  });
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return { socket, sent: sent.promise };
}

it('cuts off who does not read', async () => {
  const { sent, socket } = await start(LARGE);
  await sent;
  let bytes = 0;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('data', (piece) => (bytes += piece.byteLength));
  await closed;
  expect(bytes).toBeLessThan(LARGE.byteLength);
});

it('does not hurry who reads slowly', async () => {
  const { sent, socket } = await start(LARGE);
  let bytes = 0;
  const startedMs = performance.now();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  // A megabyte each 60 ms takes more than twice what is allowed without progress.
  socket.on('data', (piece) => {
    bytes += piece.byteLength;
    socket.pause();
    setTimeout(() => socket.resume(), (60 * piece.byteLength) / 2 ** 20);
  });
  await Promise.all([sent, closed]);
  expect(performance.now() - startedMs).toBeGreaterThan(2 * LEAST_RATE.withinMs);
  expect(bytes).toBeGreaterThan(LARGE.byteLength);
});
