import { expect, it, onTestFinished } from 'vitest';
import { ManualScheduler } from '../../shared/testing/manual-scheduler.ts';
import { BulkFlow } from './bulk-flow.ts';
import type { ServerSocket } from './server-socket.ts';

function start() {
  const scheduler = new ManualScheduler();
  const markers: number[] = [];
  const socket: ServerSocket = {
    listen: () => undefined,
    send: () => undefined,
    close: () => undefined,
    terminate: () => undefined,
    bufferedBytes: 0,
    ping: (marker = 0) => void markers.push(marker),
  };
  const flow = new BulkFlow(socket, scheduler, () => undefined);
  onTestFinished(() => flow.dispose());
  const send = (pieces: number) => {
    for (let piece = 0; piece < pieces; piece++) {
      flow.begin();
      flow.noteSent(flow.pieceBytes, false);
    }
  };
  return { scheduler, markers, flow, send };
}

it('[CH4] asks a client that never answers a few times, and no more until it does', () => {
  const { scheduler, markers, flow, send } = start();
  send(1);
  expect(flow.isOpen).toBe(true);
  scheduler.advance(5_000);
  send(5_000);
  expect(flow.isOpen).toBe(true);
  expect(markers.length).toBeGreaterThan(1);
  expect(markers.length).toBeLessThan(8);
  const asked = markers.length;
  flow.noteAnswer(markers.at(-1) ?? 0);
  send(100);
  expect(markers.length).toBeGreaterThan(asked + 1);
});
