import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { systemScheduler } from '../../shared/lifecycle/index.ts';
import { relayMessageCodec } from '../../shared/protocol/index.ts';
import { RawClient } from '../testing/raw-client.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';
import { Egress } from './egress.ts';
import { wrapWebSocket } from './websocket-socket.ts';

/** 10 Mbit/s. */
const BYTES_PER_SECOND = 1_250_000;
const WINDOW_MS = (128 * 1024 * 1_000) / BYTES_PER_SECOND;

/** A client behind a narrow link, and the relay's side of it. */
async function connect() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  onTestFinished(() => server.close());
  await once(server, 'listening');
  const proxy = await TcpProxy.start((server.address() as AddressInfo).port);
  onTestFinished(() => proxy.dispose());
  proxy.narrow(BYTES_PER_SECOND);
  const accepted = new Promise<Egress>((resolve) => {
    server.once('connection', (webSocket, request) => {
      const socket = wrapWebSocket(webSocket, request.socket);
      const egress = new Egress(socket, systemScheduler);
      socket.listen({
        onFrame: () => undefined,
        onText: () => undefined,
        onDrain: () => egress.pump(),
        onPong: (marker) => egress.noteAnswer(marker),
        onClose: () => egress.clear(),
      });
      resolve(egress);
    });
  });
  const webSocket = new WebSocket(`ws://127.0.0.1:${proxy.port}`);
  const client = new RawClient(() => undefined);
  const commits = new Map<number, number>();
  webSocket.on('message', (frame: Buffer) => {
    const message = client.take(frame);
    if (message?.type === 'committed') commits.set(message.seq, performance.now());
  });
  return { egress: await accepted, client, commits, end: () => webSocket.terminate() };
}

describe('5 MB on a link of 10 Mbit/s', () => {
  it(
    '[CH4] hold up what is typed meanwhile by no more than twice what the window takes',
    { timeout: 30_000 },
    async () => {
      const { egress, client, commits, end } = await connect();
      const payload = new Uint8Array(5_000_000);
      egress.send({ type: 'sync', handle: 1, throughSeq: 1, isLast: true, payload }, 'bulk');
      await pause(500);
      const latenciesMs: number[] = [];
      for (let seq = 1; seq <= 11; seq++) {
        const sentMs = performance.now();
        egress.sendFrame(relayMessageCodec.encode({ type: 'committed', handle: 1, seq }), 'edits');
        await expect.poll(() => commits.has(seq), { timeout: 10_000, interval: 10 }).toBe(true);
        latenciesMs.push((commits.get(seq) ?? Infinity) - sentMs);
        expect(client.all('sync')).toEqual([]);
      }
      expect(latenciesMs.sort((a, b) => a - b)[5]).toBeLessThan(2 * WINDOW_MS);
      // What is left of it must not be far from what the link carries.
      await expect.poll(() => client.all('sync').length, { timeout: 10_000 }).toBe(1);
      end();
    },
  );
});
