import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { UnfinishedFrames } from './unfinished-frames.ts';
import { wrapWebSocket } from './websocket-socket.ts';

const MAX_BYTES = 4_000;
const CHECK_MS = 1_000;
const MAX_PINGS = 25;

/** A client and the relay's side of it, whose unfinished messages may have `MAX_BYTES`. */
async function connect() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  onTestFinished(() => server.close());
  await once(server, 'listening');
  const scheduler = new ManualScheduler();
  const unfinished = new UnfinishedFrames(scheduler, MAX_BYTES);
  onTestFinished(() => unfinished.dispose());
  const heard = { frames: 0, pongs: 0, closes: 0 };
  let controls = 0;
  server.once('connection', (webSocket, request) => {
    const socket = wrapWebSocket(webSocket, request.socket, unfinished);
    socket.listen({
      onFrame: () => heard.frames++,
      onText: () => undefined,
      onDrain: () => undefined,
      onPong: () => heard.pongs++,
      onClose: () => heard.closes++,
    });
    webSocket.on('ping', () => controls++);
    webSocket.on('pong', () => controls++);
  });
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => client.terminate());
  await once(client, 'open');
  /** Sends so many of both kinds, of 26 bytes each, and waits until they have come. */
  const control = async (count: number) => {
    const wanted = controls + 2 * count;
    for (let sent = 1; sent <= count; sent++) {
      client.ping(Buffer.alloc(20));
      client.pong(Buffer.alloc(20));
      // Only so many may go unanswered.
      if (sent % MAX_PINGS === 0) await once(client, 'pong');
    }
    await expect.poll(() => controls, { interval: 5 }).toBe(wanted);
  };
  return { client, scheduler, heard, control };
}

it('counts pings and pongs as no part of a message', async () => {
  const { scheduler, heard, control } = await connect();
  await control(200);
  scheduler.advance(CHECK_MS);
  await control(1);
  expect(heard).toEqual({ frames: 0, pongs: 201, closes: 0 });
});

it('counts a message in pieces, whatever comes between them', async () => {
  const { client, scheduler, heard, control } = await connect();
  for (let piece = 0; piece < 3; piece++) {
    client.send(Buffer.alloc(1_300), { fin: false });
    await control(50);
  }
  scheduler.advance(CHECK_MS);
  expect(heard.closes).toBe(0);
  client.send(Buffer.alloc(1_300), { fin: false });
  await control(50);
  scheduler.advance(CHECK_MS);
  await expect.poll(() => heard.closes).toBe(1);
});

it('owes nothing to a client for what was read along with a message', async () => {
  const { client, scheduler, heard, control } = await connect();
  client.send(Buffer.alloc(10));
  await control(MAX_PINGS - 1);
  expect(heard.frames).toBe(1);
  client.send(Buffer.alloc(MAX_BYTES + 100), { fin: false });
  await control(1);
  scheduler.advance(CHECK_MS);
  await expect.poll(() => heard.closes).toBe(1);
});
