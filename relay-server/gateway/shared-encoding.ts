import { type RelayMessage, relayMessageCodec, splitIntoChunks } from '../../shared/protocol/index.ts';

/** Smaller ones are encoded faster than they are compared. */
const WORTH_SHARING_BYTES = 16 * 1024;

interface Encoded {
  readonly message: RelayMessage;
  readonly bytes: Uint8Array;
}

let latest: Encoded | undefined;
/** Frames of the chunks of an encoded message, by stream; for as long as somebody still sends it. */
const chunkFrames = new WeakMap<Uint8Array, Map<number, readonly Uint8Array[]>>();

/** Encodes a message. A large one that goes to many within a turn is encoded once; nobody may change the bytes. */
export function encodeForMany(message: RelayMessage): Uint8Array {
  if (!('payload' in message) || message.payload.byteLength < WORTH_SHARING_BYTES)
    return relayMessageCodec.encode(message);
  if (latest && isSame(latest.message, message)) return latest.bytes;
  if (!latest) {
    setImmediate(() => {
      latest = undefined;
    });
  }
  latest = { message, bytes: relayMessageCodec.encode(message) };
  return latest.bytes;
}

/** The frames of the chunks (SPEC CH1) of an encoded message; those of one stream number are made once. */
export function toChunkFrames(encoded: Uint8Array, stream: number): readonly Uint8Array[] {
  const known = chunkFrames.get(encoded) ?? new Map<number, readonly Uint8Array[]>();
  chunkFrames.set(encoded, known);
  const frames =
    known.get(stream) ?? Array.from(splitIntoChunks(stream, encoded), (chunk) => relayMessageCodec.encode(chunk));
  known.set(stream, frames);
  return frames;
}

function isSame(a: RelayMessage, b: RelayMessage): boolean {
  const [fieldsA, fieldsB] = [Object.entries(a), new Map<string, unknown>(Object.entries(b))];
  return fieldsA.length === fieldsB.size && fieldsA.every(([name, value]) => fieldsB.get(name) === value);
}
