import { decodePresenceState, encodePresenceState, encodeSelections } from '../../shared/workspace/index.ts';
import { type AwarenessState, parseAwarenessState, selectionsOf } from './awareness-state.ts';
import { type AwarenessEntry, decodeAwarenessUpdate, encodeAwarenessUpdate } from './awareness-update.ts';

/** What somebody in the room shows: where, with which cursors, and, for a Yjs client, its awareness. */
export interface ShownPresence {
  readonly fileId: string | undefined;
  readonly selections: Uint8Array;
  readonly awareness: { readonly clientId: number; readonly clock: number; readonly state: AwarenessState } | undefined;
}

/** Packs what a Yjs client shows as presence of the room, so that Tutti windows see its cursor and Yjs clients its whole state. */
export function encodeShownPresence(document: string, entry: AwarenessEntry | undefined): Uint8Array {
  const state = entry && parseAwarenessState(entry.json);
  return encodePresenceState({
    fileId: document,
    selections: encodeSelections(state ? selectionsOf(state) : []),
    foreign: entry && state ? encodeAwarenessUpdate([entry]) : undefined,
  });
}

// Everybody in the room is handed the same bytes.
const decoded = new WeakMap<Uint8Array, { readonly shown: ShownPresence | undefined }>();

/** Unpacks a presence state. Undefined when it makes no sense. */
export function decodeShownPresence(bytes: Uint8Array): ShownPresence | undefined {
  const known = decoded.get(bytes) ?? { shown: decode(bytes) };
  decoded.set(bytes, known);
  return known.shown;
}

function decode(bytes: Uint8Array): ShownPresence | undefined {
  const state = decodePresenceState(bytes);
  if (!state) return undefined;
  const { fileId, selections, foreign } = state;
  return { fileId, selections, awareness: foreign && decodeAwareness(foreign) };
}

function decodeAwareness(foreign: Uint8Array): ShownPresence['awareness'] {
  try {
    const [entry] = decodeAwarenessUpdate(foreign);
    const state = entry && parseAwarenessState(entry.json);
    return state && { clientId: entry.clientId, clock: entry.clock, state };
  } catch {
    // Another client made these bytes; without them it is shown like a Tutti window.
    return undefined;
  }
}
