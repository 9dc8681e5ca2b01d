import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SocketWriter } from './socket-writer.ts';
import { toBinaryFrame } from './websocket-frame.ts';
import { wrapWebSocket } from './websocket-socket.ts';

/** A stream that keeps what each write brought. */
class WriteRecorder extends Duplex {
  readonly writes: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(chunk.toString());
    done();
  }

  override _read(): void {}
}

const bytes = (text: string) => [Buffer.from(text)];

describe('a socket writer', () => {
  it('writes what was pushed in one turn at once', async () => {
    const stream = new WriteRecorder();
    const writer = new SocketWriter(stream);
    writer.push(bytes('a'), false);
    writer.push(bytes('b'), true);
    writer.push(bytes('c'), false);
    expect([stream.writes, writer.bufferedBytes]).toEqual([[], 3]);
    await nextTurn();
    expect([stream.writes, writer.bufferedBytes]).toEqual([['abc'], 0]);
  });

  it('lets patient frames wait for the next that is not, in order', async () => {
    const stream = new WriteRecorder();
    const writer = new SocketWriter(stream);
    writer.push(bytes('patient '), true);
    await nextTurn();
    expect(stream.writes).toEqual([]);
    writer.push(bytes('urgent'), false);
    await nextTurn();
    expect(stream.writes).toEqual(['patient urgent']);
  });

  it('writes patient frames soon, when nothing else comes', async () => {
    const stream = new WriteRecorder();
    new SocketWriter(stream).push(bytes('patient'), true);
    await expect.poll(() => stream.writes).toEqual(['patient']);
  });

  it('drops what comes for a stream that has ended', async () => {
    const stream = new WriteRecorder();
    const writer = new SocketWriter(stream);
    writer.push(bytes('late'), false);
    stream.destroy();
    await nextTurn();
    expect([stream.writes, writer.bufferedBytes]).toEqual([[], 0]);
  });
});

it('hands large pieces over without copying them', async () => {
  const stream = new WriteRecorder();
  const writer = new SocketWriter(stream);
  const large = Buffer.alloc(60 * 1024, 'x');
  writer.push([Buffer.from('head'), large], false);
  writer.push(bytes('tail'), false);
  await nextTurn();
  expect(stream.writes.map(({ length }) => length)).toEqual([4, large.byteLength, 4]);
});

describe('a wrapped WebSocket', () => {
  it('sends messages of all sizes so that a client reads them in order, and the goodbye last', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    onTestFinished(() => server.close());
    const sizes = [0, 1, 125, 126, 16 * 1024, 16 * 1024 + 1, 65_535, 65_536, 200_000];
    server.on('connection', (webSocket, request) => {
      const socket = wrapWebSocket(webSocket, request.socket);
      for (const [index, size] of sizes.entries()) socket.send(new Uint8Array(size).fill(index));
      socket.close(4409, 'enough');
    });
    await once(server, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const received: Buffer[] = [];
    client.on('message', (data: Buffer) => received.push(data));
    const [code] = (await once(client, 'close')) as [number];
    expect(code).toBe(4409);
    expect(received.map(({ byteLength }) => byteLength)).toEqual(sizes);
    expect(received.every((data, index) => data.every((byte) => byte === index))).toBe(true);
  });

  it('asks behind what was sent before, is answered by a stock client, and reads much in several turns', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    onTestFinished(() => server.close());
    const log: string[] = [];
    let turn = 0;
    let busiestTurn = 0;
    const answered = new Promise<number>((resolve) => {
      server.on('connection', (webSocket, request) => {
        const socket = wrapWebSocket(webSocket, request.socket);
        let framesThisTurn = 0;
        socket.listen({
          onFrame: () => {
            if (framesThisTurn++ === 0) {
              turn++;
              setImmediate(() => (framesThisTurn = 0));
            }
            busiestTurn = Math.max(busiestTurn, framesThisTurn);
          },
          onText: () => undefined,
          onDrain: () => undefined,
          onPong: resolve,
          onClose: () => undefined,
        });
        socket.send(new Uint8Array([1]));
        socket.ping(4_000_000_000);
      });
    });
    await once(server, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on('message', () => log.push('message'));
    client.on('ping', () => log.push('ping'));
    expect(await answered).toBe(4_000_000_000);
    expect(log).toEqual(['message', 'ping']);
    for (let frame = 0; frame < 80; frame++) client.send(Buffer.alloc(60 * 1024));
    await expect.poll(() => turn).toBeGreaterThanOrEqual(20);
    expect(busiestTurn).toBeLessThanOrEqual(4);
    client.terminate();
  });

  it('makes a frame once for all who get the same', () => {
    const message = new Uint8Array([1, 2, 3]);
    expect(toBinaryFrame(message)).toBe(toBinaryFrame(message));
    expect(toBinaryFrame(new Uint8Array([1, 2, 3]))).not.toBe(toBinaryFrame(message));
    expect(Buffer.concat(toBinaryFrame(message))).toEqual(Buffer.from([0x82, 3, 1, 2, 3]));
  });
});
