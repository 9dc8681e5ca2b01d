import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { documentName, epoch, presenceId, seq } from '../../shared/protocol/common-fields.ts';
import { documentDigest } from '../../shared/protocol/document-digest.ts';
import {
  bytes,
  type FieldCodec,
  flag,
  list,
  optional,
  struct,
  text,
  uint,
} from '../../shared/protocol/field-codecs.ts';
import { ProtocolError } from '../../shared/protocol/index.ts';
import type { BackplaneMessage } from './backplane.ts';

/** Rises with every new kind of message. A node says in its id which one it reads. */
export const GENERATION = 2;

/** Where a frame belongs among those that a node has sent. */
export interface FrameEnvelope {
  /** The sender. */
  readonly nodeId: string;
  /** Rises with every series of numbers that the node begins for a room. */
  readonly series: number;
  /** Counts the frames of the series from 1. A number that is left out stands for messages that were lost. */
  readonly sequence: number;
}

/** What one node tells the others about one room at once. */
export interface BackplaneFrame extends FrameEnvelope {
  /** Byte strings among them are views into the frame. */
  readonly messages: readonly BackplaneMessage[];
}

/** What a node tells all others about itself. */
export interface Announcement {
  readonly nodeId: string;
  /** It has kept messages to itself until now, when nobody seemed to be there. */
  readonly isBeginning: boolean;
}

const FORMAT_VERSION = 1;
/** Nothing larger is ever sent, so that whatever is larger is not ours. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;
const MAX_ENTRIES = 1_000_000;
const MAX_MESSAGES = 100_000;

const nodeIdField = text(64, /^[A-Za-z0-9_-]{1,64}$/);
const payload = bytes(MAX_FRAME_BYTES);

type MessageOf<K extends BackplaneMessage['kind']> = Extract<BackplaneMessage, { readonly kind: K }>;
type FieldsOf<K extends BackplaneMessage['kind']> = Omit<MessageOf<K>, 'kind'>;

const update = struct<FieldsOf<'update'>>({ document: documentName, origin: uint, author: presenceId, payload });
const committed = struct<FieldsOf<'committed'>>({
  document: documentName,
  epoch,
  fromSeq: seq,
  origins: list(uint, MAX_ENTRIES),
});
const presence = struct<FieldsOf<'presence'>>({ isWhole: flag, message: payload });
const seen = struct<FieldsOf<'seen'>>({
  document: documentName,
  epoch,
  entries: list(struct<{ presenceId: number; seq: number }>({ presenceId, seq }), MAX_ENTRIES),
});
const digests = struct<FieldsOf<'digests'>>({
  document: documentName,
  epoch,
  entries: list(struct({ presenceId, digest: optional(documentDigest) }), MAX_ENTRIES),
});
const access = struct<FieldsOf<'access'>>({ version: uint });

const announcementFields = struct<Announcement>({ nodeId: nodeIdField, isBeginning: flag });

/**
 * The wire form of each kind of message. Append only. A node throws away a frame with a kind that it does not know, so
 * that a new kind is sent only when all nodes that are heard read it: raise {@link GENERATION} with it.
 */
const KINDS = { update: 1, committed: 2, presence: 3, seen: 4, 'presence-wanted': 5, access: 7, digests: 8 } as const;

// Most messages are small and many: a buffer of its own for each would cost more than all the rest.
const messageEncoder = encoding.createEncoder();
const scratch = new Uint8Array(16 * 1024);

/**
 * Encodes one message, to be put into a frame.
 * @throws RangeError or ProtocolError when a field is out of its bounds
 */
export function encodeMessage(message: BackplaneMessage): Uint8Array {
  const encoder = messageEncoder;
  encoder.bufs = [];
  encoder.cbuf = scratch;
  encoder.cpos = 0;
  encoding.writeUint8(encoder, KINDS[message.kind]);
  switch (message.kind) {
    case 'update':
      update.write(encoder, message);
      break;
    case 'committed':
      committed.write(encoder, message);
      break;
    case 'presence':
      presence.write(encoder, message);
      break;
    case 'seen':
      seen.write(encoder, message);
      break;
    case 'digests':
      digests.write(encoder, message);
      break;
    case 'presence-wanted':
      break;
    case 'access':
      access.write(encoder, message);
  }
  return encoding.toUint8Array(encoder);
}

/** Puts messages of {@link encodeMessage} into a frame. */
export function encodeFrame(envelope: FrameEnvelope, messages: readonly Uint8Array[]): Buffer {
  const encoder = encoding.createEncoder();
  encoding.writeUint8(encoder, FORMAT_VERSION);
  nodeIdField.write(encoder, envelope.nodeId);
  uint.write(encoder, envelope.series);
  uint.write(encoder, envelope.sequence);
  uint.write(encoder, messages.length);
  return Buffer.concat([encoding.toUint8Array(encoder), ...messages]);
}

/**
 * Decodes a frame. `ownNodeId`: a frame of this node is not read further, and gives undefined.
 * @throws ProtocolError when it is malformed
 */
export function decodeFrame(frame: Uint8Array, ownNodeId: string): BackplaneFrame | undefined {
  if (frame.byteLength > MAX_FRAME_BYTES) throw new ProtocolError(`a frame of ${frame.byteLength} bytes`);
  const decoder = decoding.createDecoder(frame);
  readVersion(decoder);
  const nodeId = nodeIdField.read(decoder);
  if (nodeId === ownNodeId) return undefined;
  const series = uint.read(decoder);
  const sequence = uint.read(decoder);
  const messages = list(messageField, MAX_MESSAGES).read(decoder);
  if (decoding.hasContent(decoder)) throw new ProtocolError('bytes after the end of the frame');
  return { nodeId, series, sequence, messages };
}

export function encodeAnnouncement(announcement: Announcement): Buffer {
  const encoder = encoding.createEncoder();
  encoding.writeUint8(encoder, FORMAT_VERSION);
  announcementFields.write(encoder, announcement);
  return Buffer.from(encoding.toUint8Array(encoder));
}

/** @throws ProtocolError when it is malformed */
export function decodeAnnouncement(content: Uint8Array): Announcement {
  const decoder = decoding.createDecoder(content);
  readVersion(decoder);
  const announcement = announcementFields.read(decoder);
  if (decoding.hasContent(decoder)) throw new ProtocolError('bytes after the end of an announcement');
  return announcement;
}

const messageField: FieldCodec<BackplaneMessage> = {
  schema: 'message',
  write: (encoder, message) => encoding.writeUint8Array(encoder, encodeMessage(message)),
  read: readMessage,
};

function readMessage(decoder: decoding.Decoder): BackplaneMessage {
  const kind = readByte(decoder);
  switch (kind) {
    case KINDS.update:
      return { kind: 'update', ...update.read(decoder) };
    case KINDS.committed:
      return { kind: 'committed', ...committed.read(decoder) };
    case KINDS.presence:
      return { kind: 'presence', ...presence.read(decoder) };
    case KINDS.seen:
      return { kind: 'seen', ...seen.read(decoder) };
    case KINDS.digests:
      return { kind: 'digests', ...digests.read(decoder) };
    case KINDS['presence-wanted']:
      return { kind: 'presence-wanted' };
    case KINDS.access:
      return { kind: 'access', ...access.read(decoder) };
    default:
      throw new ProtocolError(`a message of the unknown kind ${kind}`);
  }
}

function readVersion(decoder: decoding.Decoder): void {
  const version = readByte(decoder);
  if (version !== FORMAT_VERSION) throw new ProtocolError(`format ${version} instead of ${FORMAT_VERSION}`);
}

function readByte(decoder: decoding.Decoder): number {
  if (!decoding.hasContent(decoder)) throw new ProtocolError('a frame that is cut short');
  return decoding.readUint8(decoder);
}
