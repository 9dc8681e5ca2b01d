import * as decoding from 'lib0/decoding';

const [HAS_ORIGIN, HAS_RIGHT_ORIGIN, HAS_KEY, CONTENT_BITS] = [0x80, 0x40, 0x20, 0x1f];
const [GC, DELETED, JSON_TEXTS, BINARY, STRING, EMBED, FORMAT, TYPE, ANY, DOCUMENT, SKIP] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
] as const;
const [XML_ELEMENT, XML_HOOK] = [3, 5] as const;

/**
 * Goes through the structs of a Yjs update of format 1, one after the other, without making anything of them: it is made
 * for updates that were inspected before, and much faster. What it says is of the struct that `next` has reached.
 */
export class StructScanner {
  client = 0;
  start = 0;
  /** Exclusive. */
  end = 0;
  /** It is a shared type, which other structs can be in. */
  isType = false;
  /**
   * Where it belongs: at the `top` of the document, `beside` the struct that `anchorClient` and `anchorClock` name, or
   * `inside` of it. `nowhere`: it was collected as garbage.
   */
  anchor: 'nowhere' | 'top' | 'beside' | 'inside' = 'top';
  anchorClient = 0;
  anchorClock = 0;
  private readonly decoder: decoding.Decoder;
  private leftClients: number;
  private leftStructs = 0;

  /** Throws when it is no update; so does {@link next}. */
  constructor(update: Uint8Array) {
    this.decoder = decoding.createDecoder(update);
    this.leftClients = decoding.readVarUint(this.decoder);
  }

  /** Goes to the next struct; gives false when there is none. */
  next(): boolean {
    const { decoder } = this;
    for (;;) {
      while (this.leftStructs === 0) {
        if (this.leftClients-- === 0) return false;
        this.leftStructs = decoding.readVarUint(decoder);
        this.client = decoding.readVarUint(decoder);
        this.end = decoding.readVarUint(decoder);
      }
      this.leftStructs--;
      this.start = this.end;
      const info = decoding.readUint8(decoder);
      if (info === SKIP) {
        this.end += decoding.readVarUint(decoder);
        continue;
      }
      this.readStruct(info);
      return true;
    }
  }

  /** What the update deletes: a client, the first clock and the one after the last. To be called once `next` gave false. */
  *deletions(): Generator<readonly [client: number, from: number, to: number]> {
    const { decoder } = this;
    for (let left = decoding.readVarUint(decoder); left > 0; left--) {
      const client = decoding.readVarUint(decoder);
      for (let ranges = decoding.readVarUint(decoder); ranges > 0; ranges--) {
        const from = decoding.readVarUint(decoder);
        const to = from + decoding.readVarUint(decoder);
        yield [client, from, to];
      }
    }
  }

  private readStruct(info: number): void {
    const content = info & CONTENT_BITS;
    this.isType = content === TYPE;
    if (content === GC) this.anchor = 'nowhere';
    else this.readAnchor(info);
    this.end = this.start + skipContent(this.decoder, content);
  }

  private readAnchor(info: number): void {
    const { decoder } = this;
    const beside = (info & HAS_ORIGIN ? 1 : 0) + (info & HAS_RIGHT_ORIGIN ? 1 : 0);
    if (beside > 0) {
      this.readAnchorId('beside');
      if (beside > 1) skipId(decoder);
      return;
    }
    if (decoding.readVarUint(decoder) === 1) {
      this.anchor = 'top';
      skipBytes(decoder);
    } else this.readAnchorId('inside');
    if (info & HAS_KEY) skipBytes(decoder);
  }

  private readAnchorId(anchor: 'beside' | 'inside'): void {
    this.anchor = anchor;
    this.anchorClient = decoding.readVarUint(this.decoder);
    this.anchorClock = decoding.readVarUint(this.decoder);
  }
}

/** Gives the length of the struct. */
function skipContent(decoder: decoding.Decoder, content: number): number {
  switch (content) {
    case GC:
    case DELETED:
      return decoding.readVarUint(decoder);
    case STRING:
      return readUtf16Length(decoder);
    case JSON_TEXTS: {
      const length = decoding.readVarUint(decoder);
      for (let index = 0; index < length; index++) skipBytes(decoder);
      return length;
    }
    case ANY: {
      const length = decoding.readVarUint(decoder);
      skipValues(decoder, length);
      return length;
    }
    case BINARY:
    case EMBED:
      skipBytes(decoder);
      return 1;
    case FORMAT:
      skipBytes(decoder);
      skipBytes(decoder);
      return 1;
    case TYPE: {
      const type = decoding.readVarUint(decoder);
      if (type === XML_ELEMENT || type === XML_HOOK) skipBytes(decoder);
      return 1;
    }
    case DOCUMENT:
      skipBytes(decoder);
      skipValues(decoder, 1);
      return 1;
    default:
      throw new Error(`there is no content ${content}`);
  }
}

/** Skips values of any kind, and the values in them. Without recursion, since they may be nested deeper than the stack. */
function skipValues(decoder: decoding.Decoder, count: number): void {
  const left = [{ count, areNamed: false }];
  for (let level = left.at(-1); level; level = left.at(-1)) {
    if (level.count-- === 0) {
      left.pop();
      continue;
    }
    if (level.areNamed) skipBytes(decoder);
    const inner = skipValue(decoder);
    if (inner) left.push(inner);
  }
}

/** Skips a value up to those in it, of which it says how many there are. */
function skipValue(decoder: decoding.Decoder): { count: number; areNamed: boolean } | undefined {
  const kind = decoding.readUint8(decoder);
  switch (kind) {
    // undefined, null, false, true
    case 127:
    case 126:
    case 121:
    case 120:
      return undefined;
    case 125:
      decoding.readVarInt(decoder);
      return undefined;
    // float32, float64, bigint
    case 124:
      decoder.pos += 4;
      return undefined;
    case 123:
    case 122:
      decoder.pos += 8;
      return undefined;
    // text, bytes
    case 119:
    case 116:
      skipBytes(decoder);
      return undefined;
    case 118:
      return { count: decoding.readVarUint(decoder), areNamed: true };
    case 117:
      return { count: decoding.readVarUint(decoder), areNamed: false };
    default:
      throw new Error(`there is no value of the kind ${kind}`);
  }
}

function skipId(decoder: decoding.Decoder): void {
  decoding.readVarUint(decoder);
  decoding.readVarUint(decoder);
}

/** Skips bytes, or a text, that begin with their number. */
function skipBytes(decoder: decoding.Decoder): void {
  const length = decoding.readVarUint(decoder);
  decoder.pos += length;
}

/** Skips a text and gives its length in units of UTF-16. */
function readUtf16Length(decoder: decoding.Decoder): number {
  const byteLength = decoding.readVarUint(decoder);
  const { arr, pos } = decoder;
  let length = 0;
  for (let index = pos; index < pos + byteLength; index++) {
    const byte = arr[index] ?? 0;
    // Each character has one byte that continues no other; those of four bytes are two units.
    if ((byte & 0xc0) !== 0x80) length += byte >= 0xf0 ? 2 : 1;
  }
  decoder.pos += byteLength;
  return length;
}
