import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/** One selection in a file, as encoded Yjs relative positions; equal ends are a caret. */
export interface PresenceSelection {
  readonly anchor: Uint8Array;
  readonly head: Uint8Array;
}

/** What a participant shows to the others. */
export interface PresenceState {
  /** The file in the active editor. */
  readonly fileId: string | undefined;
  readonly selections: readonly PresenceSelection[];
}

const FORMAT = 1;
/** Keeps an encoded state below the protocol's 4 KiB. */
const MAX_SELECTIONS = 32;
const MAX_POSITION_BYTES = 48;

/** Encodes a presence state; selections beyond the first 32 are left out. */
export function encodePresenceState(state: PresenceState): Uint8Array {
  const selections = state.selections
    .filter(({ anchor, head }) => anchor.byteLength <= MAX_POSITION_BYTES && head.byteLength <= MAX_POSITION_BYTES)
    .slice(0, MAX_SELECTIONS);
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, FORMAT);
  encoding.writeVarString(encoder, state.fileId ?? '');
  encoding.writeVarUint(encoder, selections.length);
  for (const { anchor, head } of selections) {
    encoding.writeVarUint8Array(encoder, anchor);
    encoding.writeVarUint8Array(encoder, head);
  }
  return encoding.toUint8Array(encoder);
}

/** Reads what another participant sent. Undefined when it makes no sense. */
export function decodePresenceState(bytes: Uint8Array): PresenceState | undefined {
  try {
    const decoder = decoding.createDecoder(bytes);
    if (decoding.readVarUint(decoder) !== FORMAT) return undefined;
    const fileId = decoding.readVarString(decoder);
    const count = decoding.readVarUint(decoder);
    if (count > MAX_SELECTIONS || fileId.length > 64) return undefined;
    const selections: PresenceSelection[] = [];
    for (let index = 0; index < count; index++) {
      const anchor = decoding.readVarUint8Array(decoder).slice();
      const head = decoding.readVarUint8Array(decoder).slice();
      selections.push({ anchor, head });
    }
    return { fileId: fileId === '' ? undefined : fileId, selections };
  } catch {
    return undefined;
  }
}
