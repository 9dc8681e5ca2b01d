import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ChunkAssembler, PROTOCOL_LIMITS, type RelayMessage, relayMessageCodec } from '../../shared/protocol/index.ts';
import { encodeForMany, LargeMessage } from './shared-encoding.ts';

const payload = new Uint8Array(200_000).map((_, index) => index % 251);
const update = (committedSeq: number, content = payload) =>
  ({ type: 'update', handle: 1, author: 7, committedSeq, payload: content }) as const;

/** What a client makes of it. */
function assemble(encoded: Uint8Array | LargeMessage): RelayMessage | undefined {
  if (encoded instanceof Uint8Array) return relayMessageCodec.decode(encoded);
  const assembler = new ChunkAssembler();
  let whole: Uint8Array | undefined;
  for (let offset = 0; offset < encoded.byteLength; offset += encoded.pieceBytesAt(offset)) {
    const frame = encoded.frameAt(offset);
    expect(frame.byteLength).toBeLessThanOrEqual(PROTOCOL_LIMITS.maxFrameBytes);
    const chunk = relayMessageCodec.decode(frame);
    if (chunk.type === 'chunk') whole = assembler.add(chunk);
  }
  return whole && relayMessageCodec.decode(whole);
}

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
    expect(assemble(first)).toEqual(update(1));
    expect(assemble(second)).toEqual(update(2));
  });

  it.each([0, 1, 100, 61_400, 61_440, 65_500, 65_536, 122_880, 5_000_001])(
    '[CH1] is, cut into frames, what the codec makes of a payload of %i bytes',
    (bytes) => {
      const content = new Uint8Array(bytes).map((_, index) => index % 253);
      for (const message of [
        update(7, content),
        { type: 'sync', handle: 300, throughSeq: 2 ** 40, isLast: true, payload: content } as const,
        { type: 'deflated-sync', handle: 1, throughSeq: 5, isLast: false, byteLength: 9, payload: content } as const,
      ])
        expect(isDeepStrictEqual({ ...assemble(encodeForMany(message)) }, { ...message })).toBe(true);
    },
  );

  it('[CH1] gives the same frames to all who are about as far', () => {
    const large = encodeForMany(update(3));
    if (!(large instanceof LargeMessage)) throw new Error('it fits into a frame');
    expect(large.frameAt(0)).toBe(large.frameAt(0));
    expect(large.frameAt(0, 8_192)).toBe(large.frameAt(0, 8_192));
    const other = encodeForMany(update(4));
    // Both may be on the way to the same client.
    expect(assemble(large)).toEqual(update(3));
    expect(assemble(other)).toEqual(update(4));
  });

  it('[CH1] is cut into pieces of whatever size each of those who get it takes', () => {
    const large = encodeForMany(update(5));
    if (!(large instanceof LargeMessage)) throw new Error('it fits into a frame');
    const sizes = [8_192, 4_096, 61_440, 16_384, 1];
    const assembler = new ChunkAssembler();
    let whole: Uint8Array | undefined;
    for (let [offset, piece] = [0, 0]; offset < large.byteLength; piece++) {
      const bytes = large.pieceBytesAt(offset, sizes[piece % sizes.length]);
      const chunk = relayMessageCodec.decode(large.frameAt(offset, bytes));
      if (chunk.type === 'chunk') whole = assembler.add(chunk);
      offset += bytes;
    }
    expect(whole && relayMessageCodec.decode(whole)).toEqual(update(5));
    expect(assemble(large)).toEqual(update(5));
  });

  it('[CH2] is refused beyond what a message may have', () => {
    const content = new Uint8Array(PROTOCOL_LIMITS.maxMessageBytes);
    expect(() => encodeForMany(update(1, content))).toThrow(expect.objectContaining({ closeCode: 4413 }));
  });
});
