import { setImmediate as nextTurn } from 'node:timers/promises';

/** What a snapshot thread is told. Each message gets one {@link SnapshotReply}. */
export type SnapshotCommand =
  /** Forgets whatever was added before. */
  | { readonly kind: 'begin' }
  /** Further updates, one after the other in `bytes`. */
  | { readonly kind: 'add'; readonly bytes: Uint8Array; readonly lengths: readonly number[] }
  | { readonly kind: 'finish' };

export type SnapshotReply =
  | { readonly kind: 'done' }
  | { readonly kind: 'finished'; readonly snapshot: Uint8Array }
  /** The update with this index, counted from the first one, cannot be applied. */
  | { readonly kind: 'failed'; readonly partIndex: number; readonly reason: string };

/** So much is copied before others have their turn. */
const TURN_BYTES = 512 * 1024;

/** Puts updates into one message, in several turns of the event loop when they are large. They must stay as they are. */
export async function packParts(parts: readonly Uint8Array[]): Promise<{
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: number[];
}> {
  const lengths = parts.map(({ byteLength }) => byteLength);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  let turnBytes = 0;
  for (const part of parts) {
    for (let start = 0; start < part.byteLength; start += TURN_BYTES) {
      const piece = part.subarray(start, start + TURN_BYTES);
      if (turnBytes + piece.byteLength > TURN_BYTES) {
        await nextTurn();
        turnBytes = 0;
      }
      bytes.set(piece, offset);
      offset += piece.byteLength;
      turnBytes += piece.byteLength;
    }
  }
  return { bytes, lengths };
}

/** The updates of a message. */
export function* unpackParts(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  let offset = 0;
  for (const length of lengths) yield bytes.subarray(offset, (offset += length));
}
