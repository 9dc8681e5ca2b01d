import * as Y from 'yjs';

/**
 * Merges updates that the relay has through a document, which also drops what was deleted. Throws when one cannot be
 * read: then the log is better left as it is.
 */
export function mergeAcked(updates: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc();
  try {
    doc.transact(() => {
      for (const update of updates) Y.applyUpdate(doc, update);
    });
    return Y.encodeStateAsUpdate(doc);
  } finally {
    doc.destroy();
  }
}

/** Bounds of one merged update, so that the relay takes it in one piece. */
export interface RunBounds {
  readonly maxStructs: number;
  readonly maxBytes: number;
}

/** Splits updates into runs of neighbours within the bounds; `lengths` of the runs. One that is larger stays alone. */
export function splitIntoRuns(updates: readonly Uint8Array[], { maxStructs, maxBytes }: RunBounds): number[] {
  const lengths: number[] = [];
  let [length, structs, bytes] = [0, 0, 0];
  for (const update of updates) {
    const ownStructs = countStructs(update);
    const isFull = structs + ownStructs > maxStructs || bytes + update.byteLength > maxBytes;
    if (isFull && length > 0) {
      lengths.push(length);
      [length, structs, bytes] = [0, 0, 0];
    }
    length++;
    structs += ownStructs;
    bytes += update.byteLength;
  }
  if (length > 0) lengths.push(length);
  return lengths;
}

function countStructs(update: Uint8Array): number {
  const { structs, ds } = Y.decodeUpdate(update);
  let deletions = 0;
  for (const ranges of ds.clients.values()) deletions += ranges.length;
  return structs.length + deletions;
}
