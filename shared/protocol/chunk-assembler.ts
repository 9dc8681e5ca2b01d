import { PROTOCOL_LIMITS } from './limits.ts';
import { ProtocolError } from './protocol-error.ts';

/** The fields of a `chunk` message. */
export interface Chunk {
  readonly type: 'chunk';
  readonly stream: number;
  readonly totalBytes: number;
  readonly offset: number;
  readonly payload: Uint8Array;
}

const MAX_OPEN_STREAMS = 16;

/** Cuts an encoded message into chunks (SPEC CH1). `stream` must not be in use in this direction. */
export function* splitIntoChunks(stream: number, message: Uint8Array): Generator<Chunk> {
  for (let offset = 0; offset < message.byteLength; offset += PROTOCOL_LIMITS.maxChunkPayloadBytes) {
    const payload = message.subarray(offset, offset + PROTOCOL_LIMITS.maxChunkPayloadBytes);
    yield { type: 'chunk', stream, totalBytes: message.byteLength, offset, payload };
  }
}

/** Puts the chunks of one connection's one direction together again. Memory grows with what arrived, not with what was announced. */
export class ChunkAssembler {
  private readonly streams = new Map<number, { totalBytes: number; receivedBytes: number; pieces: Uint8Array[] }>();
  private bufferedBytes = 0;
  private readonly maxMessageBytes: number;

  constructor(maxMessageBytes: number = PROTOCOL_LIMITS.maxMessageBytes) {
    this.maxMessageBytes = maxMessageBytes;
  }

  /** Returns the encoded message when `chunk` is its last piece. Throws {@link ProtocolError} on a broken sequence. */
  add(chunk: Chunk): Uint8Array | undefined {
    const stream = this.streams.get(chunk.stream) ?? this.begin(chunk);
    if (chunk.totalBytes !== stream.totalBytes || chunk.offset !== stream.receivedBytes) {
      throw new ProtocolError(`chunk of stream ${chunk.stream} out of order`);
    }
    stream.receivedBytes += chunk.payload.byteLength;
    this.bufferedBytes += chunk.payload.byteLength;
    if (chunk.payload.byteLength === 0 || stream.receivedBytes > stream.totalBytes) {
      throw new ProtocolError(`chunk of stream ${chunk.stream} has a wrong size`);
    }
    if (this.bufferedBytes > this.maxMessageBytes) throw new ProtocolError('too many unfinished chunks', 4413);
    stream.pieces.push(chunk.payload.slice());
    if (stream.receivedBytes < stream.totalBytes) return undefined;
    this.streams.delete(chunk.stream);
    this.bufferedBytes -= stream.totalBytes;
    return concatenate(stream.pieces, stream.totalBytes);
  }

  private begin(chunk: Chunk) {
    if (chunk.totalBytes > this.maxMessageBytes) {
      throw new ProtocolError(`a message of ${chunk.totalBytes} bytes exceeds ${this.maxMessageBytes}`, 4413);
    }
    if (this.streams.size >= MAX_OPEN_STREAMS) throw new ProtocolError('too many chunked messages at once');
    const stream = { totalBytes: chunk.totalBytes, receivedBytes: 0, pieces: [] };
    this.streams.set(chunk.stream, stream);
    return stream;
  }
}

function concatenate(pieces: readonly Uint8Array[], totalBytes: number): Uint8Array {
  const whole = new Uint8Array(totalBytes);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}
