import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { type Chunk, ChunkAssembler, splitIntoChunks } from './chunk-assembler.ts';
import { clientMessageCodec } from './client-messages.ts';
import { PROTOCOL_LIMITS } from './limits.ts';
import { relayMessageCodec } from './relay-messages.ts';

function chunk(fields: Partial<Chunk>): Chunk {
  return { type: 'chunk', stream: 1, totalBytes: 10, offset: 0, payload: new Uint8Array(5), ...fields };
}

describe('chunks', () => {
  it.each([1, 61_439, 61_440, 61_441, 200_000])('[CH1] a message of %i bytes is the same on the other side', (size) => {
    const message = new Uint8Array(size).map((_, index) => index * 7);
    const assembler = new ChunkAssembler();
    const chunks = [...splitIntoChunks(4, message)];
    const results = chunks.map((piece) => assembler.add(piece));
    expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true);
    expect(Buffer.from(results.at(-1) ?? []).equals(Buffer.from(message))).toBe(true);
    for (const piece of chunks)
      expect(clientMessageCodec.encode(piece).byteLength).toBeLessThanOrEqual(PROTOCOL_LIMITS.maxFrameBytes);
  });

  it('[CH1] several messages may be under way at once', () => {
    const random = createSeededRandom(3);
    const assembler = new ChunkAssembler();
    const messages = Array.from({ length: 16 }, (_, stream) => new Uint8Array(100_000 + stream * 40_000).fill(stream));
    const queues = messages.map((message, stream) => [...splitIntoChunks(stream, message)]);
    const done = new Map<number, number>();
    while (queues.some((queue) => queue.length > 0)) {
      const piece = random.pick(queues.filter((queue) => queue.length > 0)).shift();
      const whole = piece && assembler.add(piece);
      if (piece && whole) done.set(piece.stream, whole.byteLength);
    }
    expect([...done].sort((a, b) => a[0] - b[0])).toEqual(
      messages.map((message, stream) => [stream, message.byteLength]),
    );
  });

  it('[CH1] a stream number may be used again when its message is complete', () => {
    const assembler = new ChunkAssembler();
    for (let round = 0; round < 3; round++) {
      expect(assembler.add(chunk({ totalBytes: 5 }))).toHaveLength(5);
    }
  });

  it.each([
    ['starts late', [chunk({ offset: 5 })], 4409],
    ['leaves a gap', [chunk({}), chunk({ offset: 6, payload: new Uint8Array(4) })], 4409],
    ['comes twice', [chunk({}), chunk({})], 4409],
    ['changes its size', [chunk({}), chunk({ offset: 5, totalBytes: 11 })], 4409],
    ['is empty', [chunk({ payload: new Uint8Array(0) })], 4409],
    ['is of an empty message', [chunk({ totalBytes: 0, payload: new Uint8Array(0) })], 4409],
    ['goes beyond the end', [chunk({ payload: new Uint8Array(11) })], 4409],
    ['announces too much', [chunk({ totalBytes: PROTOCOL_LIMITS.maxMessageBytes + 1 })], 4413],
  ])('[CH2] a chunk that %s is a breach', (_what, chunks, closeCode) => {
    const assembler = new ChunkAssembler();
    expect(() => chunks.map((piece) => assembler.add(piece))).toThrow(expect.objectContaining({ closeCode }));
  });

  it('[CH3] at most 16 messages are unfinished', () => {
    const assembler = new ChunkAssembler();
    for (let stream = 0; stream < 16; stream++) assembler.add(chunk({ stream }));
    expect(() => assembler.add(chunk({ stream: 16 }))).toThrow(expect.objectContaining({ closeCode: 4409 }));
  });

  it('[CH3] a finished message makes room for the next one', () => {
    const assembler = new ChunkAssembler(1000);
    for (let round = 0; round < 5; round++) {
      expect(assembler.add(chunk({ stream: 1, totalBytes: 900, payload: new Uint8Array(600) }))).toBeUndefined();
      expect(
        assembler.add(chunk({ stream: 1, totalBytes: 900, offset: 600, payload: new Uint8Array(300) })),
      ).toHaveLength(900);
    }
    for (let round = 0; round < 40; round++) {
      expect(assembler.add(chunk({ stream: round, totalBytes: 5 }))).toHaveLength(5);
    }
  });

  it('[CH3] memory follows what arrived, not what was announced, also with pieces of one byte', () => {
    const usedBytes = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    const assembler = new ChunkAssembler();
    const before = usedBytes();
    for (let stream = 0; stream < 16; stream++) {
      assembler.add(chunk({ stream, totalBytes: PROTOCOL_LIMITS.maxMessageBytes }));
    }
    // Announced are 512 MiB.
    expect(usedBytes() - before).toBeLessThan(64 * 1024 * 1024);
    const totalBytes = 300_000;
    const other = new ChunkAssembler();
    const piece = new Uint8Array(1);
    for (let offset = 0; offset < totalBytes - 1; offset++) {
      other.add(chunk({ totalBytes, offset, payload: piece }));
    }
    piece[0] = 7;
    const whole = other.add(chunk({ totalBytes, offset: totalBytes - 1, payload: piece }));
    expect([whole?.byteLength, whole?.buffer.byteLength]).toEqual([totalBytes, totalBytes]);
    // Copied when they came: the sender's buffer may be used again.
    expect([whole?.[0], whole?.[totalBytes - 1]]).toEqual([0, 7]);
  });

  it('[FR5] [CH1] a full piece fits into a frame, whatever its numbers are', () => {
    const largest = Number.MAX_SAFE_INTEGER;
    const payload = new Uint8Array(PROTOCOL_LIMITS.maxChunkPayloadBytes);
    const message = chunk({ stream: largest, totalBytes: largest, offset: largest, payload });
    expect(clientMessageCodec.encode(message).byteLength).toBeLessThanOrEqual(PROTOCOL_LIMITS.maxFrameBytes);
    expect(relayMessageCodec.encode(message).byteLength).toBeLessThanOrEqual(PROTOCOL_LIMITS.maxFrameBytes);
    const larger = chunk({ payload: new Uint8Array(payload.byteLength + 1) });
    expect(() => clientMessageCodec.encode(larger)).toThrow(expect.objectContaining({ closeCode: 4413 }));
  });

  it('[CH3] unfinished messages take no more memory together than one may', () => {
    const assembler = new ChunkAssembler(1000);
    assembler.add(chunk({ stream: 1, totalBytes: 900, payload: new Uint8Array(600) }));
    expect(() => assembler.add(chunk({ stream: 2, totalBytes: 900, payload: new Uint8Array(600) }))).toThrow(
      expect.objectContaining({ closeCode: 4413 }),
    );
  });
});
