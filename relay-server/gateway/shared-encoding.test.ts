import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ChunkAssembler, relayMessageCodec } from '../../shared/protocol/index.ts';
import { encodeForMany, toChunkFrames } from './shared-encoding.ts';

const payload = new Uint8Array(200_000).map((_, index) => index % 251);
const update = (committedSeq: number, content = payload) =>
  ({ type: 'update', handle: 1, author: 7, committedSeq, payload: content }) as const;

describe('the encoding that many share', () => {
  it('is made once for a large message within a turn', async () => {
    const first = encodeForMany(update(1));
    expect(encodeForMany(update(1))).toBe(first);
    await nextTurn();
    expect(encodeForMany(update(1))).not.toBe(first);
  });

  it('is made anew when anything differs', () => {
    const first = encodeForMany(update(1));
    const second = encodeForMany(update(2));
    const third = encodeForMany(update(2, payload.slice()));
    expect(second).not.toBe(first);
    expect(third).not.toBe(second);
    expect(relayMessageCodec.decode(first)).toEqual(update(1));
    expect(relayMessageCodec.decode(second)).toEqual(update(2));
  });

  it('[CH1] cuts a message into frames that a client can put together, once for each stream number', () => {
    const encoded = encodeForMany(update(3));
    const frames = toChunkFrames(encoded, 5);
    expect(toChunkFrames(encoded, 5)).toBe(frames);
    expect(toChunkFrames(encoded, 6)).not.toBe(frames);
    const assembler = new ChunkAssembler();
    let whole: Uint8Array | undefined;
    for (const frame of frames) {
      const chunk = relayMessageCodec.decode(frame);
      if (chunk.type === 'chunk') whole = assembler.add(chunk);
    }
    expect(whole && relayMessageCodec.decode(whole)).toEqual(update(3));
  });
});
