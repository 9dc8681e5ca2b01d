import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { ProtocolError } from '../../shared/protocol/index.ts';

/** What one client id shows. */
export interface AwarenessEntry {
  readonly clientId: number;
  readonly clock: number;
  /** JSON text; `null` when the client shows nothing any more. */
  readonly json: string;
}

const MAX_ENTRIES = 10_000;

/** Decodes an awareness update without parsing the states. Throws {@link ProtocolError} when it is malformed. */
export function decodeAwarenessUpdate(update: Uint8Array): AwarenessEntry[] {
  try {
    const decoder = decoding.createDecoder(update);
    const count = decoding.readVarUint(decoder);
    if (count > MAX_ENTRIES) throw new Error('too many');
    const entries: AwarenessEntry[] = [];
    while (entries.length < count) {
      const clientId = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      entries.push({ clientId, clock, json: decoding.readVarString(decoder) });
    }
    if (decoding.hasContent(decoder)) throw new Error('left over');
    return entries;
  } catch {
    throw new ProtocolError('malformed awareness update');
  }
}

export function encodeAwarenessUpdate(entries: readonly AwarenessEntry[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, entries.length);
  for (const { clientId, clock, json } of entries) {
    encoding.writeVarUint(encoder, clientId);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, json);
  }
  return encoding.toUint8Array(encoder);
}
