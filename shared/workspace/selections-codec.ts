import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

/** A selection that stays with the text around it, whoever edits. */
export interface RelativeSelection {
  readonly anchor: Y.RelativePosition;
  readonly head: Y.RelativePosition;
}

/** More cursors than this are neither sent nor shown: a presence state has 4 KiB, a selection takes about 16 bytes. */
export const MAX_SHARED_SELECTIONS = 100;
const MAX_ENCODED_BYTES = 4096;

/** Packs selections for presence, the primary one first. At most {@link MAX_SHARED_SELECTIONS} are kept. */
export function encodeSelections(selections: readonly RelativeSelection[]): Uint8Array {
  const kept = selections.slice(0, MAX_SHARED_SELECTIONS);
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, kept.length);
  for (const { anchor, head } of kept) {
    encoding.writeVarUint8Array(encoder, Y.encodeRelativePosition(anchor));
    encoding.writeVarUint8Array(encoder, Y.encodeRelativePosition(head));
  }
  return encoding.toUint8Array(encoder);
}

/** Unpacks what a peer sent. Anything that is not exactly a list of selections is an empty list, never an error. */
export function decodeSelections(bytes: Uint8Array): RelativeSelection[] {
  if (bytes.length > MAX_ENCODED_BYTES) return [];
  try {
    const decoder = decoding.createDecoder(bytes);
    const count = decoding.readVarUint(decoder);
    if (count > MAX_SHARED_SELECTIONS) return [];
    const selections: RelativeSelection[] = [];
    while (selections.length < count) {
      const anchor = Y.decodeRelativePosition(decoding.readVarUint8Array(decoder));
      const head = Y.decodeRelativePosition(decoding.readVarUint8Array(decoder));
      if (!isUsable(anchor) || !isUsable(head)) return [];
      selections.push({ anchor, head });
    }
    return decoding.hasContent(decoder) ? [] : selections;
  } catch {
    // Decoding runs off the end of bytes that are cut or made up; a cursor less is all that follows from it.
    return [];
  }
}

function isUsable({ item, tname, type }: Y.RelativePosition): boolean {
  return item !== null || tname !== null || type !== null;
}
