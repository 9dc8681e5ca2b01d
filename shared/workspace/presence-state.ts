import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/** What a participant shows to the others. */
export interface PresenceState {
  /** The file in the active editor. */
  readonly fileId: string | undefined;
  /** The cursors in it, as the editor packs them. */
  readonly selections: Uint8Array;
  /**
   * What somebody who came by another protocol shows to those who speak it too; opaque to everybody else.
   * Left out when the whole would be too large.
   */
  readonly foreign?: Uint8Array | undefined;
}

const FORMAT = 1;
const MAX_FILE_ID_LENGTH = 64;
/** Keeps an encoded state below the protocol's 4 KiB. */
const MAX_SELECTIONS_BYTES = 3900;
const MAX_STATE_BYTES = 4096;
const NO_SELECTIONS = new Uint8Array(0);

/** Encodes a presence state; selections that are too large are left out. */
export function encodePresenceState({ fileId, selections, foreign }: PresenceState): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, FORMAT);
  encoding.writeVarString(encoder, fileId ?? '');
  encoding.writeVarUint8Array(encoder, selections.byteLength <= MAX_SELECTIONS_BYTES ? selections : NO_SELECTIONS);
  if (foreign && encoding.length(encoder) + foreign.byteLength <= MAX_STATE_BYTES)
    encoding.writeUint8Array(encoder, foreign);
  return encoding.toUint8Array(encoder);
}

/** Reads what another participant sent. Undefined when it makes no sense. */
export function decodePresenceState(bytes: Uint8Array): PresenceState | undefined {
  try {
    const decoder = decoding.createDecoder(bytes);
    if (decoding.readVarUint(decoder) !== FORMAT) return undefined;
    const fileId = decoding.readVarString(decoder);
    if (fileId.length > MAX_FILE_ID_LENGTH) return undefined;
    const selections = decoding.readVarUint8Array(decoder).slice();
    const foreign = decoding.hasContent(decoder) ? decoding.readTailAsUint8Array(decoder).slice() : undefined;
    return { fileId: fileId === '' ? undefined : fileId, selections, foreign };
  } catch {
    return undefined;
  }
}
