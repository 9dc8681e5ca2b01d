/** One row's payload after the other. */
export interface PackedRows {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: readonly number[];
}

/** What the compaction thread is told. Only `merge` gets an answer, a {@link MergeReply}. */
export type MergeCommand =
  /** Further rows of the document, in their order. */
  | { readonly kind: 'add'; readonly isUnacked: boolean; readonly rows: PackedRows }
  /** Merges what was added, and forgets it. */
  | { readonly kind: 'merge' };

/** An update that takes the place of `count` neighbours. */
export interface MergedRun {
  readonly count: number;
  /** Undefined: the row stays as it is. */
  readonly payload: Uint8Array<ArrayBuffer> | undefined;
}

export type MergeReply =
  | { readonly kind: 'merged'; readonly acked: readonly MergedRun[]; readonly unacked: readonly MergedRun[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** Copies rows into one message. */
export function packRows(payloads: readonly Uint8Array[]): PackedRows {
  const lengths = payloads.map(({ byteLength }) => byteLength);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const payload of payloads) {
    bytes.set(payload, offset);
    offset += payload.byteLength;
  }
  return { bytes, lengths };
}

/** The rows of a message; they share its memory. */
export function unpackRows({ bytes, lengths }: PackedRows): Uint8Array[] {
  let offset = 0;
  return lengths.map((length) => bytes.subarray(offset, (offset += length)));
}
