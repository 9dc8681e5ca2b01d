import { PROTOCOL_LIMITS, ProtocolError, type RelayMessage, relayMessageCodec } from '../../shared/protocol/index.ts';

/** Smaller ones are encoded faster than they are compared. */
const WORTH_SHARING_BYTES = 16 * 1024;
/** Those who get the same message are mostly within so many frames of each other. */
const MAX_KEPT_FRAMES = 16;
/** Among large messages, smaller ones are sent as they are. */
const MAX_WHOLE_BULK_BYTES = 8 * 1024;
const NOTHING = new Uint8Array(0);

interface Encoded {
  readonly message: RelayMessage;
  readonly encoded: Uint8Array | LargeMessage;
}

let latest: Encoded | undefined;
let lastStream = 0;

/** A message beyond the frame limit. Its chunks are cut when they are sent, once for all who get it. */
export class LargeMessage {
  /** Of the encoded message. */
  readonly byteLength: number;
  /** The encoded message is the two in a row. */
  private readonly head: Uint8Array;
  private readonly payload: Uint8Array;
  /** Nobody else uses this number, so that everybody can be sent the same frames. */
  private readonly stream = ++lastStream;
  private readonly frames = new Map<string, Uint8Array>();

  constructor(head: Uint8Array, payload: Uint8Array) {
    this.head = head;
    this.payload = payload;
    this.byteLength = head.byteLength + payload.byteLength;
    if (this.byteLength > PROTOCOL_LIMITS.maxMessageBytes)
      throw new ProtocolError(`a message of ${this.byteLength} bytes exceeds ${PROTOCOL_LIMITS.maxMessageBytes}`, 4413);
  }

  /** The size of the piece at `offset`, of the frame's payload, where it may have `maxBytes`. */
  pieceBytesAt(offset: number, maxBytes: number = PROTOCOL_LIMITS.maxChunkPayloadBytes): number {
    return Math.min(maxBytes, this.byteLength - offset);
  }

  /** The frame of the chunk (SPEC CH1) of `pieceBytes` that begins at `offset`. Nobody may change it. */
  frameAt(offset: number, pieceBytes = this.pieceBytesAt(offset)): Uint8Array {
    const place = `${offset}+${pieceBytes}`;
    const known = this.frames.get(place);
    if (known) return known;
    const { stream, byteLength: totalBytes } = this;
    const piece = this.pieceAt(offset, offset + pieceBytes);
    const head = encodeHead({ type: 'chunk', stream, totalBytes, offset, payload: NOTHING }, piece.byteLength);
    const frame = join(head, piece);
    if (this.frames.size >= MAX_KEPT_FRAMES) {
      for (const oldest of this.frames.keys()) {
        this.frames.delete(oldest);
        break;
      }
    }
    this.frames.set(place, frame);
    return frame;
  }

  private pieceAt(offset: number, end: number): Uint8Array {
    const { head, payload } = this;
    const fromPayload = payload.subarray(Math.max(0, offset - head.byteLength), Math.max(0, end - head.byteLength));
    return offset < head.byteLength ? join(head.subarray(offset, end), fromPayload) : fromPayload;
  }
}

/** Has a message cut as a large one is, where it would fill a link that it shares with live messages. */
export function cutForBulk(encoded: Uint8Array | LargeMessage): Uint8Array | LargeMessage {
  const isCut = encoded instanceof Uint8Array && encoded.byteLength > MAX_WHOLE_BULK_BYTES;
  return isCut ? new LargeMessage(encoded, NOTHING) : encoded;
}

/** Encodes a message. A large one that goes to many within a turn is encoded once; nobody may change the bytes. */
export function encodeForMany(message: RelayMessage): Uint8Array | LargeMessage {
  if (!('payload' in message) || message.payload.byteLength < WORTH_SHARING_BYTES) return encode(message);
  if (latest && isSame(latest.message, message)) return latest.encoded;
  if (!latest) {
    setImmediate(() => {
      latest = undefined;
    });
  }
  latest = { message, encoded: encode(message) };
  return latest.encoded;
}

function encode(message: RelayMessage): Uint8Array | LargeMessage {
  if ('payload' in message && message.payload.byteLength > PROTOCOL_LIMITS.maxFrameBytes) {
    const { payload } = message;
    return new LargeMessage(encodeHead({ ...message, payload: NOTHING }, payload.byteLength), payload);
  }
  const encoded = relayMessageCodec.encode(message);
  return encoded.byteLength <= PROTOCOL_LIMITS.maxFrameBytes ? encoded : new LargeMessage(encoded, NOTHING);
}

/** What comes before a payload of so many bytes. `message` has none: then its last byte is the payload's length. */
function encodeHead(
  message: Extract<RelayMessage, { readonly payload: Uint8Array }>,
  payloadBytes: number,
): Uint8Array {
  const withoutPayload = relayMessageCodec.encode(message);
  return join(withoutPayload.subarray(0, -1), encodeVarUint(payloadBytes));
}

function encodeVarUint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 0x80)) bytes.push(0x80 | (value & 0x7f));
  return Uint8Array.from([...bytes, value]);
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = Buffer.allocUnsafeSlow(first.byteLength + second.byteLength);
  joined.set(first);
  joined.set(second, first.byteLength);
  return joined;
}

function isSame(a: RelayMessage, b: RelayMessage): boolean {
  const [fieldsA, fieldsB] = [Object.entries(a), new Map<string, unknown>(Object.entries(b))];
  return fieldsA.length === fieldsB.size && fieldsA.every(([name, value]) => fieldsB.get(name) === value);
}
