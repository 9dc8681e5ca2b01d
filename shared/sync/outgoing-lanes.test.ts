import { describe, expect, it, onTestFinished } from 'vitest';
import { ChunkAssembler, type ClientMessage, clientMessageCodec } from '../protocol/index.ts';
import { ManualScheduler } from '../testing/manual-scheduler.ts';
import { OutgoingLanes } from './outgoing-lanes.ts';

const OWN_NONCE = 999_999;
const MAX_PING_BYTES = 10;

function createLanes() {
  const frames: Uint8Array[] = [];
  let nonce = 0;
  let answered = 0;
  let bufferedBytes = 0;
  let looks = 0;
  const socket = {
    get bufferedBytes() {
      looks++;
      return bufferedBytes;
    },
    send(frame: Uint8Array) {
      if (!isProbe(frame)) frames.push(frame);
      bufferedBytes += frame.byteLength;
    },
    close: () => undefined,
    dispose: () => undefined,
  };
  const scheduler = new ManualScheduler();
  const lanes = new OutgoingLanes(socket, scheduler, () => ++nonce);
  onTestFinished(() => lanes.dispose());
  /** The network takes everything that waits, and the relay answers pings, again and again. */
  const drain = () => {
    do {
      bufferedBytes = 0;
      scheduler.advance(5);
      while (answered < nonce) lanes.answered({ type: 'pong', nonce: ++answered });
    } while (bufferedBytes > 0);
  };
  return {
    lanes,
    frames,
    scheduler,
    drain,
    /** How often it was looked whether the network takes anything: once at least for each document that is gone through. */
    get looks() {
      return looks;
    },
  };
}

/** The test's own one has a nonce of its own. */
function isProbe(frame: Uint8Array): boolean {
  if (frame.byteLength > MAX_PING_BYTES) return false;
  const message = clientMessageCodec.decode(frame);
  return message.type === 'ping' && message.nonce !== OWN_NONCE;
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
    lanes.send({ type: 'ping', nonce: OWN_NONCE });
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

describe('OutgoingLanes with a bulk change', () => {
  it('sends little of it at a time, so that an edit of another document waits for nothing', () => {
    const { lanes, frames } = createLanes();
    for (let handle = 1; handle <= 500; handle++) lanes.send(update(handle, handle, 4_000), true);
    const before = frames.length;
    expect(before).toBeLessThan(40);
    lanes.send(update(900, 900, 10));
    expect(assemble(frames).at(-1)).toBe('900:900');
    expect(frames).toHaveLength(before + 1);
  });

  it('sends more as the relay answers, in the order of each document, and all of it in the end', () => {
    const { lanes, frames, drain } = createLanes();
    for (let clientSeq = 1; clientSeq <= 300; clientSeq++) lanes.send(update(clientSeq % 7, clientSeq, 4_000), true);
    lanes.send(update(3, 301, 10));
    for (let sent = 0; sent < frames.length;) {
      sent = frames.length;
      for (const handle of [0, 1, 2, 3, 4, 5, 6]) lanes.answered({ type: 'ack', handle, clientSeq: 301, seq: 1 });
      drain();
    }
    const order = assemble(frames);
    expect(order).toHaveLength(301);
    for (const handle of [0, 1, 2, 3, 4, 5, 6]) {
      const own = order.filter((entry) => entry.startsWith(`${handle}:`)).map((entry) => Number(entry.split(':')[1]));
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });

  it('waits for a refusal, a closing and an opening as for an ack, and not for ever for a relay that says nothing', () => {
    const { lanes, frames, scheduler, drain } = createLanes();
    const size = 60_000;
    for (let handle = 1; handle <= 6; handle++) lanes.send(update(handle, handle, size), true);
    drain();
    expect(assemble(frames)).toEqual(['1:1', '2:2']);
    lanes.answered({ type: 'refused', handle: 1, clientSeq: 1, reason: 'read-only', explanation: '' });
    drain();
    lanes.answered({ type: 'document-closed', handle: 2, reason: 'forbidden', explanation: '' });
    drain();
    expect(assemble(frames)).toEqual(['1:1', '2:2', '3:3', '4:4']);
    const sent = frames.length;
    scheduler.advance(9_000);
    expect(frames).toHaveLength(sent);
    scheduler.advance(2_000);
    expect(frames.length).toBeGreaterThan(sent);
  });

  it('costs as much for each of very many documents as for each of a few', () => {
    const looksPerDocument = (documents: number) => {
      const test = createLanes();
      for (let handle = 1; handle <= documents; handle++) test.lanes.send(update(handle, handle, 10), true);
      for (let handle = 1; handle <= documents; handle++) {
        test.drain();
        test.lanes.answered({ type: 'ack', handle, clientSeq: handle, seq: 1 });
      }
      expect(test.frames).toHaveLength(documents);
      return test.looks / documents;
    };
    expect(looksPerDocument(4_000)).toBeLessThan(2 * looksPerDocument(200));
  });

  it('goes on with a large message that has begun while one before it waits for answers', () => {
    const { lanes, frames, drain } = createLanes();
    for (const handle of [8, 9]) lanes.send(update(handle, handle, 60_000));
    lanes.send(update(1, 1, 10), true);
    lanes.send(update(1, 3, 100_000), true);
    lanes.send(update(2, 2, 100_000), true);
    drain();
    expect(assemble(frames)).toEqual(['8:8', '9:9', '1:1', '2:2']);
    lanes.answered({ type: 'ack', handle: 2, clientSeq: 2, seq: 1 });
    drain();
    expect(assemble(frames).at(-1)).toBe('1:3');
  });
});
