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

/** Puts updates into one message. */
export function packParts(parts: readonly Uint8Array[]): {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: number[];
} {
  const lengths = parts.map(({ byteLength }) => byteLength);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return { bytes, lengths };
}

/** The updates of a message. */
export function* unpackParts(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  let offset = 0;
  for (const length of lengths) yield bytes.subarray(offset, (offset += length));
}
