import { PROTOCOL_LIMITS } from '../../protocol/index.ts';
import type { ConnectionState, KnownAccess, SaveState } from '../connection-state.ts';
import { isDocumentName } from '../open-documents.ts';
import type { Participant } from '../presence-channel.ts';
import type { SelfIdentity } from '../room-session.ts';
import type { SessionProblem } from '../session-problem.ts';

/** What a window asks of the engine. */
export type WindowMessage =
  /** `stateVector` is what the window's copy holds. Answered by `opened`. */
  | { readonly type: 'open'; readonly document: string; readonly stateVector: Uint8Array }
  | { readonly type: 'close'; readonly document: string }
  | { readonly type: 'update'; readonly document: string; readonly payload: Uint8Array }
  | { readonly type: 'presence'; readonly state: Uint8Array | undefined }
  | { readonly type: 'retry-now' };

/** How the engine's copy of a document stands. */
export interface DocumentStatus {
  readonly access: KnownAccess;
  /** Whether the relay lets us do less than our role says. */
  readonly isRestricted: boolean;
  readonly saveState: SaveState;
  /** Whether the engine has everything that the relay committed, and hears of what follows. */
  readonly isSynced: boolean;
  /** Whether it was so at least once since the engine opened the document. */
  readonly wasSynced: boolean;
}

/** What the engine tells a window. */
export type EngineMessage =
  /** First message of an attachment. */
  | {
      readonly type: 'attached';
      readonly state: ConnectionState;
      readonly self: SelfIdentity | undefined;
      readonly participants: readonly Participant[];
    }
  | { readonly type: 'state'; readonly state: ConnectionState }
  | { readonly type: 'self'; readonly self: SelfIdentity | undefined }
  | { readonly type: 'participants'; readonly changed: readonly Participant[]; readonly gone: readonly number[] }
  /** The stored document is there: `payload` is what the window lacked, `stateVector` what the engine holds. */
  | {
      readonly type: 'opened';
      readonly document: string;
      readonly stateVector: Uint8Array;
      readonly payload: Uint8Array;
      readonly status: DocumentStatus;
    }
  | { readonly type: 'update'; readonly document: string; readonly payload: Uint8Array }
  | { readonly type: 'status'; readonly document: string; readonly status: DocumentStatus }
  | { readonly type: 'problem'; readonly problem: SessionProblem };

/** Reads what a window sent; undefined when it is not a message. Windows are not trusted. */
export function readWindowMessage(value: unknown): WindowMessage | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  const document = 'document' in value && isName(value.document) ? value.document : undefined;
  switch (value.type) {
    case 'retry-now':
      return { type: 'retry-now' };
    case 'presence': {
      const state = 'state' in value ? value.state : undefined;
      if (state === undefined) return { type: 'presence', state };
      return isBytes(state, PROTOCOL_LIMITS.maxPresenceStateBytes) ? { type: 'presence', state } : undefined;
    }
    case 'close':
      return document === undefined ? undefined : { type: 'close', document };
    case 'open': {
      if (document === undefined || !('stateVector' in value)) return undefined;
      const { stateVector } = value;
      if (!isBytes(stateVector, PROTOCOL_LIMITS.maxMessageBytes)) return undefined;
      return { type: 'open', document, stateVector };
    }
    case 'update': {
      if (document === undefined || !('payload' in value)) return undefined;
      const { payload } = value;
      return isBytes(payload, Infinity) ? { type: 'update', document, payload } : undefined;
    }
    default:
      return undefined;
  }
}

const ENGINE_MESSAGES: readonly string[] = [
  'attached',
  'state',
  'self',
  'participants',
  'opened',
  'update',
  'status',
  'problem',
] satisfies EngineMessage['type'][];

/** Whether a port's message is one of the engine's. The engine is trusted with the rest. */
export function isEngineMessage(value: unknown): value is EngineMessage {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  return typeof value.type === 'string' && ENGINE_MESSAGES.includes(value.type);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && isDocumentName(value);
}

function isBytes(value: unknown, maxBytes: number): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength <= maxBytes;
}
