import { createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { LogFailure } from './log-failure.ts';
import type { SegmentRange } from './segment-id.ts';
import type { DocumentKey, LoggedUpdate, SessionKey } from './update-log.ts';

/*
 * MAGIC, then: varuint version, varuint size of the content, SHA-256 of the content, the content as raw DEFLATE.
 * Content: tenant, room, document, epoch, 16 random bytes, first seq, number of updates; number of sessions, and
 * subject and id of each; then of each update its session's place, clientSeq, name, time in milliseconds and payload.
 * Numbers are varuints; strings and byte arrays have their size before them.
 */

const MAGIC = new TextEncoder().encode('TUTTI-SEGMENT\n');
const VERSION = 1;
const HASH_BYTES = 32;
const NONCE_BYTES = 16;
const LEVEL = 6;
/** Of one that is unpacked; several times the largest update. */
const MAX_CONTENT_BYTES = 64 * 1024 * 1024;
/** DEFLATE adds little to what it cannot compress. */
export const MAX_SEGMENT_BYTES = MAX_CONTENT_BYTES + 64 * 1024;
export const MAX_SEGMENT_UPDATES = 100_000;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Which part of which document a segment is. */
export interface SegmentIdentity extends SegmentRange {
  readonly key: DocumentKey;
  /** The epoch that the document was in when the segment was made. */
  readonly epoch: string;
}

/**
 * Packs updates that follow each other without a gap, at least one. No two results are the same, so that one that is
 * removed can never be one that somebody else has come to need. Rejects with a {@link LogFailure} for what is too large.
 */
export async function encodeSegment(
  key: DocumentKey,
  epoch: string,
  updates: readonly LoggedUpdate[],
): Promise<Uint8Array> {
  const content = encodeContent(key, epoch, updates);
  if (content.byteLength > MAX_CONTENT_BYTES || updates.length > MAX_SEGMENT_UPDATES) {
    throw new LogFailure('corrupted', `${updates.length} updates with ${content.byteLength} bytes are no segment.`);
  }
  const encoder = encoding.createEncoder();
  encoding.writeUint8Array(encoder, MAGIC);
  encoding.writeVarUint(encoder, VERSION);
  encoding.writeVarUint(encoder, content.byteLength);
  encoding.writeUint8Array(encoder, hashOf(content));
  encoding.writeUint8Array(encoder, await deflate(content, { level: LEVEL }));
  return encoding.toUint8Array(encoder);
}

/**
 * The updates of a segment, in order. Their payloads share one piece of memory. Rejects with a {@link LogFailure} with
 * `corrupted` when the bytes are not, in every part, what `expected` says.
 */
export async function decodeSegment(bytes: Uint8Array, expected: SegmentIdentity): Promise<readonly LoggedUpdate[]> {
  const content = await unpack(bytes);
  try {
    return decodeContent(content, expected);
  } catch (error) {
    throw toDamage(error, 'its content cannot be read');
  }
}

function encodeContent(
  { tenant, room, document }: DocumentKey,
  epoch: string,
  updates: readonly LoggedUpdate[],
): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const text of [tenant, room, document, epoch]) encoding.writeVarString(encoder, text);
  encoding.writeUint8Array(encoder, randomBytes(NONCE_BYTES));
  encoding.writeVarUint(encoder, updates[0]?.seq ?? 0);
  encoding.writeVarUint(encoder, updates.length);
  const sessions = new Map<string, { readonly place: number; readonly session: SessionKey }>();
  for (const { session } of updates) {
    const name = nameOf(session);
    if (!sessions.has(name)) sessions.set(name, { place: sessions.size, session });
  }
  encoding.writeVarUint(encoder, sessions.size);
  for (const { session } of sessions.values()) {
    encoding.writeVarString(encoder, session.subject);
    encoding.writeVarString(encoder, session.sessionId);
  }
  for (const { session, clientSeq, name, timeMs, payload } of updates) {
    encoding.writeVarUint(encoder, sessions.get(nameOf(session))?.place ?? 0);
    encoding.writeVarUint(encoder, clientSeq);
    encoding.writeVarString(encoder, name);
    encoding.writeVarUint(encoder, timeMs);
    encoding.writeVarUint8Array(encoder, payload);
  }
  return encoding.toUint8Array(encoder);
}

async function unpack(bytes: Uint8Array): Promise<Uint8Array> {
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) throw damage('it does not begin as one');
  const { contentBytes, hash, deflated } = readHeader(bytes);
  if (contentBytes > MAX_CONTENT_BYTES) throw damage('it says that it is larger than any');
  let content: Uint8Array;
  try {
    content = await inflate(deflated, { maxOutputLength: Math.max(1, contentBytes) });
  } catch (error) {
    throw toDamage(error, 'it cannot be inflated to the size that it says');
  }
  if (content.byteLength !== contentBytes) throw damage('it has another size than it says');
  if (!hashOf(content).equals(hash)) throw damage('its checksum is of something else');
  return content;
}

function readHeader(bytes: Uint8Array) {
  try {
    const reader = new BoundedReader(bytes.subarray(MAGIC.byteLength));
    const version = reader.uint();
    if (version !== VERSION) throw damage(`it has the version ${version}, which this relay does not know`);
    return { contentBytes: reader.uint(), hash: reader.bytes(HASH_BYTES), deflated: reader.rest() };
  } catch (error) {
    throw toDamage(error, 'its beginning cannot be read');
  }
}

function decodeContent(content: Uint8Array, { key, epoch, fromSeq, toSeq }: SegmentIdentity): readonly LoggedUpdate[] {
  const reader = new BoundedReader(content);
  const [tenant, room, document] = [reader.text(), reader.text(), reader.text()];
  if (tenant !== key.tenant || room !== key.room || document !== key.document)
    throw damage('it is of another document');
  if (reader.text() !== epoch) throw damage('it is of another epoch');
  reader.bytes(NONCE_BYTES);
  const [firstSeq, count] = [reader.uint(), reader.uint()];
  if (firstSeq !== fromSeq || count !== toSeq - fromSeq + 1 || count > MAX_SEGMENT_UPDATES) {
    throw damage(`it has the updates ${firstSeq} to ${firstSeq + count - 1}`);
  }
  const sessionCount = reader.uint();
  if (sessionCount > count) throw damage('it has more sessions than updates');
  const sessions = Array.from({ length: sessionCount }, (): SessionKey => ({
    subject: reader.text(),
    sessionId: reader.text(),
  }));
  const updates = Array.from({ length: count }, (_, index): LoggedUpdate => {
    const session = sessions[reader.uint()];
    if (!session) throw damage('it names a session that it does not have');
    const [clientSeq, name, timeMs] = [reader.uint(), reader.text(), reader.uint()];
    return { seq: fromSeq + index, session, clientSeq, name, timeMs, payload: reader.bytes(reader.uint()) };
  });
  if (reader.rest().byteLength > 0) throw damage('it has more than its updates');
  return updates;
}

/** Reads what may be cut off anywhere, and never beyond its end. */
class BoundedReader {
  private readonly decoder: decoding.Decoder;

  constructor(bytes: Uint8Array) {
    this.decoder = decoding.createDecoder(bytes);
  }

  uint(): number {
    const value = decoding.readVarUint(this.decoder);
    if (!Number.isSafeInteger(value)) throw damage('a number in it is too large');
    return value;
  }

  bytes(byteLength: number): Uint8Array {
    if (byteLength > this.decoder.arr.byteLength - this.decoder.pos) throw damage('it ends too early');
    return decoding.readUint8Array(this.decoder, byteLength);
  }

  text(): string {
    return TEXT_DECODER.decode(this.bytes(this.uint()));
  }

  rest(): Uint8Array {
    return decoding.readTailAsUint8Array(this.decoder);
  }
}

// A byte order mark at the beginning is part of the text.
const TEXT_DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function nameOf({ subject, sessionId }: SessionKey): string {
  return JSON.stringify([subject, sessionId]);
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function toDamage(error: unknown, reason: string): LogFailure {
  return error instanceof LogFailure ? error : damage(reason, error);
}

function damage(reason: string, cause?: unknown): LogFailure {
  return new LogFailure('corrupted', `The segment is damaged: ${reason}.`, { cause });
}
