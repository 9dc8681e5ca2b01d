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

interface UnfinishedMessage {
  readonly totalBytes: number;
  receivedBytes: number;
  /** Holds what was received, and room for more. */
  buffer: Uint8Array;
}

/**
 * Puts the chunks of one connection's one direction together again. Memory stays below twice what arrived, whatever was
 * announced and however small the pieces are.
 */
export class ChunkAssembler {
  private readonly streams = new Map<number, UnfinishedMessage>();
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
    const receivedBytes = stream.receivedBytes + chunk.payload.byteLength;
    if (chunk.payload.byteLength === 0 || receivedBytes > stream.totalBytes) {
      throw new ProtocolError(`chunk of stream ${chunk.stream} has a wrong size`);
    }
    this.bufferedBytes += chunk.payload.byteLength;
    if (this.bufferedBytes > this.maxMessageBytes) throw new ProtocolError('too many unfinished chunks', 4413);
    if (receivedBytes > stream.buffer.byteLength) stream.buffer = grow(stream, receivedBytes);
    stream.buffer.set(chunk.payload, stream.receivedBytes);
    stream.receivedBytes = receivedBytes;
    if (receivedBytes < stream.totalBytes) return undefined;
    this.streams.delete(chunk.stream);
    this.bufferedBytes -= stream.totalBytes;
    return stream.buffer;
  }

  private begin(chunk: Chunk): UnfinishedMessage {
    if (chunk.totalBytes > this.maxMessageBytes) {
      throw new ProtocolError(`a message of ${chunk.totalBytes} bytes exceeds ${this.maxMessageBytes}`, 4413);
    }
    if (this.streams.size >= MAX_OPEN_STREAMS) throw new ProtocolError('too many chunked messages at once');
    const stream = { totalBytes: chunk.totalBytes, receivedBytes: 0, buffer: new Uint8Array(0) };
    this.streams.set(chunk.stream, stream);
    return stream;
  }
}

/** Doubles, so that copying stays linear, but never beyond the whole: the last piece fills the buffer exactly. */
function grow({ buffer, receivedBytes, totalBytes }: UnfinishedMessage, neededBytes: number): Uint8Array {
  const larger = new Uint8Array(Math.min(totalBytes, Math.max(neededBytes, 2 * buffer.byteLength)));
  larger.set(buffer.subarray(0, receivedBytes));
  return larger;
}
