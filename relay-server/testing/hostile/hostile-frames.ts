import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import {
  clientMessageCodec,
  PROTOCOL_LIMITS,
  PROTOCOL_VERSION,
  splitIntoChunks,
} from '../../../shared/protocol/index.ts';
import type { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { deletionOf, nestedArrays, nestedLists } from './deep-structures.ts';
import { mutateBytes, oddNumber, oddText } from './odd-values.ts';

type Field =
  | { readonly kind: 'uint'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  /** As they are, without a length. */
  | { readonly kind: 'raw'; readonly value: Uint8Array }
  | { readonly kind: 'flag'; readonly value: boolean }
  | { readonly kind: 'texts'; readonly value: readonly string[] };

/** A client's message as its fields, which need not be ones that a codec would write. */
export interface RawMessage {
  readonly code: number;
  readonly fields: readonly Field[];
}

const DOCUMENTS = ['index', 'comments', 'chat', 'file', 'file-2', 'other'];
const DEPTHS = [256, 257, 30_000];
const ROOTS = ['files', 'deep', 'content'];
const utf8 = new TextEncoder();

const uint = (value: number): Field => ({ kind: 'uint', value });
const bytes = (value: Uint8Array): Field => ({ kind: 'bytes', value });
const text = (value: string): Field => bytes(utf8.encode(value));

/** The messages of a client, well-formed. `token` is what it may come in with. */
export function rawMessages(random: SeededRandom, token: string): Readonly<Record<string, RawMessage>> {
  const handle = uint(random.below(4));
  return {
    hello: {
      code: 1,
      fields: [
        ...[
          uint(random.pick([1, PROTOCOL_VERSION])),
          uint(1),
          text(token),
          text(`session-${String(random.below(4)).padStart(10, '0')}`),
        ],
        ...[
          text('hostile'),
          {
            kind: 'texts',
            value: random.pick([[], ['access'], ['deflate', 'access'], ['digest', 'compare']]),
          } as const,
        ],
      ],
    },
    open: rawOpen(random, handle),
    close: { code: 3, fields: [handle] },
    update: rawUpdate(handle, 1 + random.below(50), yjsUpdate(random)),
    applied: { code: 5, fields: [handle, uint(random.below(10))] },
    presence: { code: 6, fields: [{ kind: 'flag', value: true }, bytes(utf8.encode('{"name":"x"}'))] },
    renew: { code: 7, fields: [text(token)] },
    ping: { code: 8, fields: [uint(random.below(1_000))] },
    digest: { code: 16, fields: [handle, uint(random.below(10)), { kind: 'raw', value: hashes(random) }] },
    compare: { code: 17, fields: [uint(random.below(10)), { kind: 'raw', value: comparedEntries(random) }] },
    chunk: { code: 15, fields: [uint(random.below(3)), uint(10), uint(0), bytes(Uint8Array.of(8, 1, 2, 3))] },
  };
}

/** Of a copy and of its text. */
function hashes(random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length: 32 }, () => random.below(256));
}

function comparedEntries(random: SeededRandom): Uint8Array {
  const encoder = encoding.createEncoder();
  // Now and then as many as there may be, of which most are unknown.
  const count = random.chance(0.02) ? PROTOCOL_LIMITS.maxComparedDocuments : random.below(30);
  encoding.writeVarUint(encoder, count);
  for (let entry = 0; entry < count; entry++) {
    const name = count > 30 ? `file-${entry}` : random.pick(DOCUMENTS);
    encoding.writeVarUint8Array(encoder, utf8.encode(name));
    encoding.writeVarUint8Array(encoder, utf8.encode(random.pick(['', 'e'])));
    encoding.writeVarUint(encoder, random.below(5));
  }
  return encoding.toUint8Array(encoder);
}

function rawOpen(random: SeededRandom, handle: Field): RawMessage {
  const stateVector = random.pick([Uint8Array.of(0), new Uint8Array(0)]);
  return { code: 2, fields: [handle, text(random.pick(DOCUMENTS)), text(''), uint(0), bytes(stateVector)] };
}

function rawUpdate(handle: Field, clientSeq: number, payload: Uint8Array): RawMessage {
  return { code: 4, fields: [handle, uint(clientSeq), bytes(payload)] };
}

/** Encodes a message as it is. */
export function encodeRaw({ code, fields }: RawMessage): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, code);
  for (const field of fields) writeField(encoder, field);
  return encoding.toUint8Array(encoder);
}

/** The frames of one hostile act: mostly one, several where the order of pieces is what is wrong. */
export function hostileFrames(random: SeededRandom, token: string): readonly Uint8Array[] {
  if (random.chance(0.05)) return deepFrames(random);
  const messages = rawMessages(random, token);
  const message = messages[random.pick(Object.keys(messages))] ?? { code: 0, fields: [] };
  const kind = random.below(10);
  if (kind < 5) return toFrames(encodeMutated(random, message));
  if (kind < 7) return toFrames(mutateBytes(random, encodeRaw(message)));
  // In order as far as one goes, which is where handshakes are wrong.
  if (kind < 8) return toFrames(encodeRaw(message));
  if (kind < 9) return hostileChunks(random, encodeRaw(messages['update'] ?? message));
  return [mutateBytes(random, new Uint8Array(random.below(40)))];
}

function encodeMutated(random: SeededRandom, { code, fields }: RawMessage): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, random.chance(0.05) ? random.below(200) : code);
  const victim = random.below(fields.length);
  for (const [index, field] of fields.entries()) {
    if (index === victim) writeMutated(encoder, random, field);
    else writeField(encoder, field);
  }
  if (random.chance(0.05)) encoding.writeVarUint(encoder, oddNumber(random));
  return encoding.toUint8Array(encoder);
}

function writeMutated(encoder: encoding.Encoder, random: SeededRandom, field: Field): void {
  const kind = random.below(12);
  if (kind === 0) return;
  if (kind === 1) {
    writeField(encoder, field);
    return writeField(encoder, field);
  }
  // A number of more bytes than any has.
  if (kind === 2) return encoding.writeUint8Array(encoder, Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 1));
  switch (field.kind) {
    case 'uint':
      return encoding.writeVarUint(encoder, oddNumber(random));
    case 'flag':
      return encoding.writeUint8(encoder, random.below(256));
    case 'texts': {
      const items = Array.from({ length: random.below(40) }, () => oddText(random));
      return writeField(encoder, { kind: 'texts', value: items });
    }
    case 'raw':
      return encoding.writeUint8Array(encoder, mutateBytes(random, field.value));
    case 'bytes': {
      if (kind === 3) {
        encoding.writeVarUint(encoder, oddNumber(random));
        return encoding.writeUint8Array(encoder, field.value);
      }
      const value = kind < 7 ? utf8.encode(oddText(random)) : mutateBytes(random, field.value);
      return encoding.writeVarUint8Array(encoder, value);
    }
  }
}

function writeField(encoder: encoding.Encoder, field: Field): void {
  switch (field.kind) {
    case 'uint':
      return encoding.writeVarUint(encoder, field.value);
    case 'flag':
      return encoding.writeUint8(encoder, field.value ? 1 : 0);
    case 'bytes':
      return encoding.writeVarUint8Array(encoder, field.value);
    case 'raw':
      return encoding.writeUint8Array(encoder, field.value);
    case 'texts':
      encoding.writeVarUint(encoder, field.value.length);
      for (const item of field.value) encoding.writeVarUint8Array(encoder, utf8.encode(item));
  }
}

/** A message in pieces, of which some are lost, come twice, come in another order or say something else. */
function hostileChunks(random: SeededRandom, message: Uint8Array): readonly Uint8Array[] {
  const size = 1 + random.below(Math.max(1, Math.min(16, message.byteLength)));
  const stream = random.below(3);
  const frames: Uint8Array[] = [];
  for (let offset = 0; offset < message.byteLength && frames.length < 40; offset += size) {
    const piece = message.subarray(offset, offset + size);
    const isWrong = random.chance(0.1);
    const [totalBytes, at] = isWrong ? [oddNumber(random), oddNumber(random)] : [message.byteLength, offset];
    frames.push(clientMessageCodec.encode({ type: 'chunk', stream, totalBytes, offset: at, payload: piece }));
  }
  const [one, other] = [random.below(frames.length), random.below(frames.length)];
  const kind = random.below(5);
  if (kind === 0) frames.splice(one, 1);
  else if (kind === 1) frames.splice(one, 0, frames[other] ?? message);
  else if (kind === 2) [frames[one], frames[other]] = [frames[other] ?? message, frames[one] ?? message];
  else if (kind === 3) {
    // Pieces within pieces.
    const inner = frames[one] ?? message;
    return [...splitIntoChunks(stream, inner)].map((chunk) => clientMessageCodec.encode(chunk));
  }
  return frames;
}

/** Rises, so that nothing is taken for what came before. */
let lastDeepNumber = 1_000;

/**
 * Something that is nested deep, in a document that is opened for it, and mostly its deletion: well-formed, and too much
 * for whoever goes down into it.
 */
function deepFrames(random: SeededRandom): readonly Uint8Array[] {
  const handle = uint(++lastDeepNumber);
  // Of an author that nobody else is, so that it contradicts nothing.
  const clientID = lastDeepNumber;
  const updates = random.pick([
    () => [nestedArrays({ clientID, depth: random.pick(DEPTHS), inside: random.pick(ROOTS) }), deletionOf(clientID)],
    // No piece of it is deep; the first may come last.
    () => [...piecesOf(random, clientID), deletionOf(clientID)],
    () => [deepValue(random)],
  ])();
  const messages = updates.map((payload) => rawUpdate(handle, ++lastDeepNumber, payload));
  return [rawOpen(random, handle), ...messages].flatMap((message) => toFrames(encodeRaw(message)));
}

function piecesOf(random: SeededRandom, clientID: number): readonly Uint8Array[] {
  const depth = random.pick([100, 256, 10_000]);
  const pieces = [0, 1, 2].map((piece) => nestedArrays({ clientID, depth, fromClock: piece * depth }));
  return random.chance(0.5) ? pieces : pieces.toReversed();
}

function deepValue(random: SeededRandom): Uint8Array {
  const doc = new Y.Doc();
  const value = nestedLists(random.pick([200, 300, 3_000]));
  if (random.chance(0.5)) doc.getMap(random.pick(ROOTS)).set('key', value);
  else doc.getText('content').insertEmbed(0, { value });
  return Y.encodeStateAsUpdate(doc);
}

function toFrames(message: Uint8Array): readonly Uint8Array[] {
  if (message.byteLength <= PROTOCOL_LIMITS.maxFrameBytes) return [message];
  return [...splitIntoChunks(0, message)].map((chunk) => clientMessageCodec.encode(chunk));
}

/** A small edit, now and then one that contradicts others or is damaged. */
export function yjsUpdate(random: SeededRandom): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = 1 + random.below(3);
  const content = doc.getText('content');
  content.insert(0, random.pick(['a', 'hello', '😀', '\n'.repeat(20)]));
  if (random.chance(0.3)) content.delete(0, 1);
  if (random.chance(0.2)) doc.getMap('files').set(oddText(random), oddNumber(random));
  const update = Y.encodeStateAsUpdate(doc);
  return random.chance(0.6) ? mutateBytes(random, update) : update;
}
