import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { LogFailure } from './log-failure.ts';

/** Begins the bytes of a snapshot. No Yjs update of any use begins so. */
const MAGIC = new TextEncoder().encode('TUTTI-1\n');
const LEVEL = 6;

/** A snapshot as it is stored: the update is compressed once, and sent as it lies there. */
export interface StoredForm {
  /** Encoded state vector of the document. */
  readonly stateVector: Uint8Array;
  /** The document's state as one Yjs update, compressed as raw DEFLATE. */
  readonly deflated: Uint8Array;
  readonly updateByteLength: number;
}

export function encodeSnapshot(update: Uint8Array, stateVector: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeUint8Array(encoder, MAGIC);
  encoding.writeVarUint(encoder, update.byteLength);
  encoding.writeVarUint8Array(encoder, stateVector);
  encoding.writeUint8Array(encoder, deflateRawSync(update, { level: LEVEL }));
  return encoding.toUint8Array(encoder);
}

/** Reads the stored form; undefined for bytes that are a plain Yjs update. Throws a {@link LogFailure} for damaged ones. */
export function decodeSnapshot(bytes: Uint8Array): StoredForm | undefined {
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) return undefined;
  try {
    const decoder = decoding.createDecoder(bytes.subarray(MAGIC.byteLength));
    const updateByteLength = decoding.readVarUint(decoder);
    const stateVector = decoding.readVarUint8Array(decoder);
    return { stateVector, updateByteLength, deflated: decoding.readTailAsUint8Array(decoder) };
  } catch (error) {
    throw new LogFailure('corrupted', 'A snapshot is damaged.', { cause: error });
  }
}

/** The Yjs update that a snapshot holds. Throws a {@link LogFailure} when it is damaged. */
export function readSnapshotUpdate(bytes: Uint8Array): Uint8Array {
  const stored = decodeSnapshot(bytes);
  if (!stored) return bytes;
  try {
    const update = inflateRawSync(stored.deflated, { maxOutputLength: Math.max(1, stored.updateByteLength) });
    if (update.byteLength === stored.updateByteLength) return update;
  } catch (error) {
    throw new LogFailure('corrupted', 'A snapshot is damaged: it cannot be inflated.', { cause: error });
  }
  throw new LogFailure('corrupted', 'A snapshot is damaged: it has another size than it says.');
}
