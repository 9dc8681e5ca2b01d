import { describe, expect, it, onTestFinished } from 'vitest';
import { ChunkAssembler, type ClientMessage, clientMessageCodec } from '../protocol/index.ts';
import { DisposableStore } from '../lifecycle/index.ts';
import { ManualScheduler } from '../testing/manual-scheduler.ts';
import { OutgoingLanes } from './outgoing-lanes.ts';

interface Link {
  readonly bytesPerMs: number;
  readonly roundTripMs: number;
}

/** Lanes before a simulated line, which takes all that it is handed. With `isSilent` the relay answers no ping. */
function start({ bytesPerMs, roundTripMs }: Link, isSilent = false) {
  const scheduler = new ManualScheduler();
  const assembler = new ChunkAssembler();
  const underWay = new DisposableStore();
  const arrived: ClientMessage[] = [];
  const heldMs: number[] = [];
  let freeAtMs = 0;
  let [nonce, sentBytes] = [0, 0];
  const arrive = (frame: Uint8Array) => {
    const message = clientMessageCodec.decode(frame);
    if (message.type === 'ping') {
      const answer = () => lanes.answered({ type: 'pong', nonce: message.nonce });
      if (!isSilent) underWay.add(scheduler.schedule(answer, roundTripMs / 2));
      return;
    }
    const whole = message.type === 'chunk' ? assembler.add(message) : frame;
    if (whole) arrived.push(clientMessageCodec.decode(whole));
  };
  const socket = {
    bufferedBytes: 0,
    send(frame: Uint8Array) {
      sentBytes += frame.byteLength;
      freeAtMs = Math.max(scheduler.elapsedMs(), freeAtMs) + frame.byteLength / bytesPerMs;
      heldMs.push(freeAtMs - scheduler.elapsedMs());
      const afterMs = Math.ceil(freeAtMs - scheduler.elapsedMs() + roundTripMs / 2);
      underWay.add(scheduler.schedule(() => arrive(frame), afterMs));
    },
    close: () => undefined,
    dispose: () => undefined,
  };
  const lanes: OutgoingLanes = new OutgoingLanes(socket, scheduler, () => ++nonce);
  onTestFinished(() => {
    lanes.dispose();
    underWay.dispose();
  });
  /** Lets time pass until so many updates have arrived; gives how long that took. */
  const finish = (updates: number) => {
    const startMs = scheduler.elapsedMs();
    while (arrived.length < updates && scheduler.elapsedMs() - startMs < 600_000) scheduler.advance(1);
    return scheduler.elapsedMs() - startMs;
  };
  const order = () => arrived.flatMap((message) => (message.type === 'update' ? [message.clientSeq] : []));
  return { lanes, scheduler, heldMs, finish, order, sent: () => sentBytes };
}

function update(handle: number, clientSeq: number, size: number): ClientMessage {
  return { type: 'update', handle, clientSeq, payload: new Uint8Array(size).fill(clientSeq) };
}

describe('[CH5] large updates on a line', () => {
  it.each([
    { bytesPerMs: 15, roundTripMs: 50, size: 200_000, firstMs: 1_700, heldAtMostMs: 900 },
    { bytesPerMs: 125, roundTripMs: 80, size: 1_000_000, firstMs: 400, heldAtMostMs: 400 },
    { bytesPerMs: 1_250, roundTripMs: 20, size: 5_000_000, firstMs: 250, heldAtMostMs: 250 },
  ])('of $bytesPerMs bytes/ms and $roundTripMs ms hold others up little, and use it', (link) => {
    const { size, bytesPerMs } = link;
    const { lanes, heldMs, finish } = start(link);
    lanes.send(update(1, 1, size));
    const tookMs = finish(1);
    expect(Math.max(...heldMs)).toBeLessThan(link.firstMs);
    expect(Math.max(...heldMs.slice(heldMs.length / 4))).toBeLessThan(link.heldAtMostMs);
    expect(tookMs).toBeLessThan(1.3 * (size / bytesPerMs) + 500);
  });

  it('let a keystroke elsewhere by, and keep the order of their own documents, which take turns', () => {
    const { lanes, scheduler, finish, order } = start({ bytesPerMs: 15, roundTripMs: 50 });
    lanes.send(update(1, 1, 100_000));
    lanes.send(update(1, 2, 10));
    lanes.send(update(2, 3, 30_000));
    lanes.send(update(3, 4, 30_000), true);
    scheduler.advance(1_000);
    lanes.send(update(4, 5, 10));
    scheduler.advance(1_000);
    expect(order()).toEqual([5]);
    finish(5);
    expect(order()).toEqual([5, 3, 1, 2, 4]);
  });

  it('leave without waiting for a relay that answers nothing', () => {
    const { lanes, scheduler, order, sent } = start({ bytesPerMs: 1_000, roundTripMs: 10 }, true);
    lanes.send(update(1, 1, 100_000));
    scheduler.advance(59_000);
    expect([order(), sent() < 40_000]).toEqual([[], true]);
    scheduler.advance(2_000);
    expect(order()).toEqual([1]);
  });
});
