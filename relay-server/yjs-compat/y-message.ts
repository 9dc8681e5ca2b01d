import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { ProtocolError } from '../../shared/protocol/index.ts';

/** What a y-websocket client sends. */
export type YMessage =
  | { readonly type: 'sync-step-1'; readonly stateVector: Uint8Array }
  | { readonly type: 'sync-step-2'; readonly update: Uint8Array }
  | { readonly type: 'update'; readonly update: Uint8Array }
  | { readonly type: 'awareness'; readonly update: Uint8Array }
  | { readonly type: 'query-awareness' };

const SYNC = 0;
const AWARENESS = 1;
const AUTH = 2;
const QUERY_AWARENESS = 3;

const SYNC_STEP_1 = 0;
const SYNC_STEP_2 = 1;
const UPDATE = 2;

const PERMISSION_DENIED = 0;

/** An update that brings nothing. */
export const EMPTY_UPDATE = new Uint8Array([0, 0]);

/** Decodes a whole frame; payloads are views of it. Throws {@link ProtocolError} when it is malformed or unknown. */
export function decodeYMessage(frame: Uint8Array): YMessage {
  const decoder = decoding.createDecoder(frame);
  let message: YMessage | undefined;
  try {
    message = readMessage(decoder);
  } catch {
    throw new ProtocolError('malformed y-protocols message');
  }
  if (!message) throw new ProtocolError('unknown y-protocols message');
  if (decoding.hasContent(decoder)) throw new ProtocolError(`bytes left over after ${message.type}`);
  return message;
}

function readMessage(decoder: decoding.Decoder): YMessage | undefined {
  switch (decoding.readVarUint(decoder)) {
    case SYNC:
      return readSyncMessage(decoder);
    case AWARENESS:
      return { type: 'awareness', update: decoding.readVarUint8Array(decoder) };
    case QUERY_AWARENESS:
      return { type: 'query-awareness' };
    default:
      return undefined;
  }
}

function readSyncMessage(decoder: decoding.Decoder): YMessage | undefined {
  switch (decoding.readVarUint(decoder)) {
    case SYNC_STEP_1:
      return { type: 'sync-step-1', stateVector: decoding.readVarUint8Array(decoder) };
    case SYNC_STEP_2:
      return { type: 'sync-step-2', update: decoding.readVarUint8Array(decoder) };
    case UPDATE:
      return { type: 'update', update: decoding.readVarUint8Array(decoder) };
    default:
      return undefined;
  }
}

/** Asks the client for what lies beyond `stateVector`. */
export function encodeSyncStep1(stateVector: Uint8Array): Uint8Array {
  return encodeWithBytes([SYNC, SYNC_STEP_1], stateVector);
}

/** The last part of what the client lacked: with it the client takes itself for synced. */
export function encodeSyncStep2(update: Uint8Array): Uint8Array {
  return encodeWithBytes([SYNC, SYNC_STEP_2], update);
}

export function encodeUpdate(update: Uint8Array): Uint8Array {
  return encodeWithBytes([SYNC, UPDATE], update);
}

/** `update` as {@link encodeAwarenessUpdate} makes it. */
export function encodeAwareness(update: Uint8Array): Uint8Array {
  return encodeWithBytes([AWARENESS], update);
}

/** Tells the client that something was refused; a stock provider prints `reason` to the console. */
export function encodePermissionDenied(reason: string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, AUTH);
  encoding.writeVarUint(encoder, PERMISSION_DENIED);
  encoding.writeVarString(encoder, reason);
  return encoding.toUint8Array(encoder);
}

function encodeWithBytes(codes: readonly number[], bytes: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const code of codes) encoding.writeVarUint(encoder, code);
  encoding.writeVarUint8Array(encoder, bytes);
  return encoding.toUint8Array(encoder);
}
