import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { HttpError } from './http-error.ts';
import type { LeastRate } from './least-rate.ts';
import { readBytes } from './read-bytes.ts';

const MIB = 1024 * 1024;
const HEAD = 'PUT / HTTP/1.1\r\nHost: x\r\n';

/** Has a server read one request, sent as it is. */
async function readOf(sent: readonly string[], maxBytes: number, leastRate?: LeastRate) {
  const read = Promise.withResolvers<{ readonly bytes: Buffer } | { readonly error: unknown }>();
  const server = createServer((request: IncomingMessage, response) => {
    readBytes(request, maxBytes, leastRate)
      .then(
        (bytes) => read.resolve({ bytes }),
        (error: unknown) => read.resolve({ error }),
      )
      .finally(() => response.end());
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const socket = connect({ host: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 });
  socket.on('error', () => undefined);
  for (const piece of sent) {
    socket.write(piece);
    if (leastRate) await pause(leastRate.withinMs / 4);
  }
  const outcome = await read.promise;
  socket.destroy();
  return outcome;
}

it('takes no more memory for a body in pieces of a byte than for any other', async () => {
  const pieces = '1\r\nx\r\n'.repeat(MIB / 4);
  const outcome = await readOf([`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, pieces, '0\r\n\r\n'], MIB);
  const bytes = 'bytes' in outcome ? outcome.bytes : undefined;
  expect(bytes?.byteLength).toBe(MIB / 4);
  expect(bytes?.every((byte) => byte === 0x78)).toBe(true);
  // One piece of memory, which is not that of the pieces.
  expect(bytes?.buffer.byteLength).toBeLessThanOrEqual(MIB / 2);
});

it('refuses more than it may be, announced or not', async () => {
  const refusal = { error: expect.objectContaining({ status: 413, code: 'too-large' }) as unknown };
  expect(await readOf([`${HEAD}Content-Length: 11\r\n\r\n`, 'x'.repeat(11)], 10)).toEqual(refusal);
  const chunked = [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, 'b\r\n', 'x'.repeat(11), '\r\n0\r\n\r\n'];
  expect(await readOf(chunked, 10)).toEqual(refusal);
  const { error } = { error: undefined, ...(await readOf(chunked, 10)) };
  expect(error).toBeInstanceOf(HttpError);
  const fits = await readOf([`${HEAD}Content-Length: 10\r\n\r\n`, 'x'.repeat(10)], 10);
  expect('bytes' in fits && fits.bytes.toString()).toBe('x'.repeat(10));
});

it('takes a body that comes slowly, and refuses one that comes more slowly than it may', async () => {
  const rate = { bytes: 100, withinMs: 200 };
  const pieces = (bytes: number, count: number) => Array.from({ length: count }, () => 'x'.repeat(bytes));
  const head = `${HEAD}Content-Length: 1600\r\n\r\n`;
  // Four in each span, for as long as two of them and more.
  const slow = await readOf([head, ...pieces(100, 16)], 2_000, rate);
  expect('bytes' in slow && slow.bytes.byteLength).toBe(1_600);
  const tooSlow = { error: expect.objectContaining({ status: 408, code: 'body-too-slow' }) as unknown };
  expect(await readOf([head, ...pieces(10, 16)], 2_000, rate)).toEqual(tooSlow);
  // Byte by byte, and nothing at all.
  expect(await readOf([head, ...pieces(1, 16)], 2_000, rate)).toEqual(tooSlow);
  expect(await readOf([head], 2_000, rate)).toEqual(tooSlow);
});
