import { PROTOCOL_LIMITS } from '../../protocol/index.ts';
import type { SyncHealth } from '../connection-health.ts';
import type { NudgeReason } from '../connection-loop.ts';
import type { ConnectionState, KnownAccess, SaveState } from '../connection-state.ts';
import { isDocumentName } from '../open-documents.ts';
import type { Participant } from '../presence-channel.ts';
import type { DocumentBeginning } from '../document-seed.ts';
import type { SelfIdentity } from '../own-identity.ts';
import type { SessionProblem } from '../session-problem.ts';
import {
  AGREEMENT_ENGINE_MESSAGES,
  type AgreementEngineMessage,
  type AgreementWindowMessage,
  readAgreementMessage,
} from './agreement-messages.ts';
import {
  AWAY_ENGINE_MESSAGES,
  type AwayEngineMessage,
  type AwayWindowMessage,
  readAwayMessage,
} from './away-messages.ts';

/** What a window asks of the engine. */
export type WindowMessage =
  | AgreementWindowMessage
  | AwayWindowMessage
  /**
   * `stateVector` is what the window's copy holds, of `beginning` when it holds anything. Answered by `opened`, or by
   * `reset` when the engine has begun the document anew since.
   */
  | {
      readonly type: 'open';
      readonly document: string;
      readonly stateVector: Uint8Array;
      readonly beginning: DocumentBeginning | undefined;
    }
  | { readonly type: 'close'; readonly document: string }
  | { readonly type: 'update'; readonly document: string; readonly payload: Uint8Array }
  | { readonly type: 'presence'; readonly state: Uint8Array | undefined }
  | { readonly type: 'retry-now' }
  /** The window has noticed that the connection may have died or may be possible again. */
  | { readonly type: 'nudge'; readonly reason: NudgeReason };

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
  /** Whether the text was on this device, was made here, or has come: else nothing is to be edited yet. */
  readonly isKnown: boolean;
}

/**
 * What the engine tells a window. Times are of the engine's process, whose `elapsedMs` is not that of the window: it was
 * `atMs` there when the message left.
 */
export type EngineMessage =
  | AgreementEngineMessage
  | AwayEngineMessage
  /** First message of an attachment. */
  | {
      readonly type: 'attached';
      readonly state: ConnectionState;
      readonly health: SyncHealth;
      readonly atMs: number;
      readonly self: SelfIdentity | undefined;
      readonly participants: readonly Participant[];
    }
  | { readonly type: 'state'; readonly state: ConnectionState; readonly atMs: number }
  | { readonly type: 'health'; readonly health: SyncHealth; readonly atMs: number }
  | { readonly type: 'self'; readonly self: SelfIdentity | undefined }
  | { readonly type: 'participants'; readonly changed: readonly Participant[]; readonly gone: readonly number[] }
  /** The stored document is there: `payload` is what the window lacked, `stateVector` what the engine holds. */
  | {
      readonly type: 'opened';
      readonly document: string;
      readonly stateVector: Uint8Array;
      readonly payload: Uint8Array;
      readonly beginning: DocumentBeginning;
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
    case 'nudge':
      return 'reason' in value && isNudgeReason(value.reason) ? { type: 'nudge', reason: value.reason } : undefined;
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
      const beginning = 'beginning' in value ? readBeginning(value.beginning) : undefined;
      return { type: 'open', document, stateVector, beginning };
    }
    case 'update': {
      if (document === undefined || !('payload' in value)) return undefined;
      const { payload } = value;
      return isBytes(payload, Infinity) ? { type: 'update', document, payload } : undefined;
    }
    default:
      return readAwayMessage(value) ?? readAgreementMessage(value);
  }
}

const ENGINE_MESSAGES: readonly string[] = [
  'attached',
  'state',
  'health',
  'self',
  'participants',
  'opened',
  'update',
  'status',
  'problem',
  ...AGREEMENT_ENGINE_MESSAGES,
  ...AWAY_ENGINE_MESSAGES,
] satisfies EngineMessage['type'][];

/** Whether a port's message is one of the engine's. The engine is trusted with the rest. */
export function isEngineMessage(value: unknown): value is EngineMessage {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  return typeof value.type === 'string' && ENGINE_MESSAGES.includes(value.type);
}

const NUDGE_REASONS: readonly unknown[] = ['woke', 'network-changed', 'shown'] satisfies NudgeReason[];

function isNudgeReason(value: unknown): value is NudgeReason {
  return NUDGE_REASONS.includes(value);
}

function readBeginning(value: unknown): DocumentBeginning | undefined {
  if (typeof value !== 'object' || value === null || !('session' in value) || !('count' in value)) return undefined;
  const { session, count } = value;
  return typeof session === 'string' && typeof count === 'number' ? { session, count } : undefined;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && isDocumentName(value);
}

function isBytes(value: unknown, maxBytes: number): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength <= maxBytes;
}
