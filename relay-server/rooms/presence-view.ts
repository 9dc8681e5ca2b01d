import type { RelayMessage } from '../../shared/protocol/index.ts';
import { decodePresenceState } from '../../shared/workspace/index.ts';

type PresenceEntry = Extract<RelayMessage, { type: 'presence' }>['entries'][number];

/** Which documents somebody may know of who may not see the whole room. */
export interface DocumentsInView {
  allows(document: string): boolean;
}

const CHAT_DOCUMENT = 'chat';
const NOTHING_TO_SHOW = new Uint8Array(0);

// Everybody in the room is handed the same bytes.
const shownDocuments = new WeakMap<Uint8Array, string | undefined>();

/** What somebody is told of another's presence: nothing of where that one is when it is outside of `view` (SPEC AC5). */
export function withinView(entry: PresenceEntry, view: DocumentsInView): PresenceEntry {
  const { state } = entry;
  if (state === undefined || state.byteLength === 0) return entry;
  const document = shownDocument(state);
  const isInView = document === CHAT_DOCUMENT || document === '' || (document !== undefined && view.allows(document));
  return isInView ? entry : { ...entry, state: NOTHING_TO_SHOW };
}

/** Empty: none. Undefined: the state makes no sense, and may name anything. */
function shownDocument(state: Uint8Array): string | undefined {
  if (!shownDocuments.has(state)) {
    const decoded = decodePresenceState(state);
    shownDocuments.set(state, decoded && (decoded.fileId ?? ''));
  }
  return shownDocuments.get(state);
}
