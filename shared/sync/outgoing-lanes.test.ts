import { describe, expect, it, onTestFinished } from 'vitest';
import { ChunkAssembler, type ClientMessage, clientMessageCodec } from '../protocol/index.ts';
import { ManualScheduler } from '../testing/manual-scheduler.ts';
import { OutgoingLanes } from './outgoing-lanes.ts';

function createLanes() {
  const frames: Uint8Array[] = [];
  const socket = {
    bufferedBytes: 0,
    send(frame: Uint8Array) {
      frames.push(frame);
      socket.bufferedBytes += frame.byteLength;
    },
    close: () => undefined,
    dispose: () => undefined,
  };
  const scheduler = new ManualScheduler();
  const lanes = new OutgoingLanes(socket, scheduler);
  onTestFinished(() => lanes.dispose());
  /** The network takes everything that waits, again and again. */
  const drain = () => {
    do {
      socket.bufferedBytes = 0;
      scheduler.advance(5);
    } while (socket.bufferedBytes > 0);
  };
  return { lanes, frames, drain };
}

function update(handle: number, clientSeq: number, size: number): ClientMessage {
  return { type: 'update', handle, clientSeq, payload: new Uint8Array(size).fill(clientSeq) };
}

/** The messages in the order in which they were complete. */
function assemble(frames: readonly Uint8Array[]): string[] {
  const assembler = new ChunkAssembler();
  return frames.flatMap((frame) => {
    const message = clientMessageCodec.decode(frame);
    const whole = message.type === 'chunk' ? assembler.add(message) : frame;
    if (!whole) return [];
    const inner = clientMessageCodec.decode(whole);
    return [inner.type === 'update' ? `${inner.handle}:${inner.clientSeq}` : inner.type];
  });
}

describe('OutgoingLanes', () => {
  it('[CH1] keeps the order within a document while its large message is under way', () => {
    const { lanes, frames, drain } = createLanes();
    lanes.send(update(1, 1, 2_000_000));
    lanes.send(update(1, 2, 10));
    lanes.send(update(2, 3, 10));
    lanes.send({ type: 'ping', nonce: 1 });
    drain();
    expect(assemble(frames)).toEqual(['2:3', 'ping', '1:1', '1:2']);
  });

  it('[CH1] lets documents with large messages take turns', () => {
    const { lanes, frames, drain } = createLanes();
    lanes.send(update(1, 1, 3_000_000));
    lanes.send(update(2, 2, 400_000));
    drain();
    expect(assemble(frames)).toEqual(['2:2', '1:1']);
  });

  it('[CH3] has few messages unfinished at once, of at most 32 MiB together', () => {
    const { lanes, frames, drain } = createLanes();
    for (let handle = 1; handle <= 20; handle++) lanes.send(update(handle, handle, 5_000_000));
    drain();
    // The assembler throws when there are too many at once.
    expect(assemble(frames)).toHaveLength(20);
  });
});
