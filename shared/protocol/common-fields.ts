import { bytes, oneOf, text, uint } from './field-codecs.ts';
import { PROTOCOL_LIMITS } from './limits.ts';

/** What a client calls an open document on this connection; chosen by the client, never reused on it. */
export const handle = uint;

/** Number of a committed update within its document, from 1. 0 means "before the first". */
export const seq = uint;

/** Number of an update within one document and session, from 1, rising by any step. */
export const clientSeq = uint;

/** Chosen by the client; the answer carries it. */
export const requestId = uint;

/** Issued by the relay to each connection; unique within the room while it lasts. */
export const presenceId = uint;

/** `index`, `comments`, `chat` or a file id. */
export const documentName = text(64, /^[A-Za-z0-9_-]{1,64}$/);

export const roomId = text(64, /^[A-Za-z0-9_-]{1,64}$/);

/** Changes when a document's sequence numbers start to mean something else. Empty: none known. */
export const epoch = text(64, /^[A-Za-z0-9_-]{0,64}$/);

/** A Yjs update, format version 1. */
export const updatePayload = bytes(PROTOCOL_LIMITS.maxMessageBytes - 1024);

/** An encoded Yjs state vector. */
export const stateVector = bytes(4 * 1024 * 1024);

export const token = text(PROTOCOL_LIMITS.maxTokenBytes, /^[\w.-]+$/);

export const personName = text(PROTOCOL_LIMITS.maxNameBytes);

export const role = oneOf(['owner', 'editor', 'commenter', 'viewer']);

/** What a participant may do with one document. */
export const documentAccess = oneOf(['read', 'write']);

/** Plain words for people, in English. */
export const explanation = text(1024);
