import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { FieldCodec } from './field-codecs.ts';
import { ProtocolError } from './protocol-error.ts';

/** One kind of message: its number on the wire, its name in code, and its fields. */
export interface MessageDefinition<Type extends string, Body extends object> {
  readonly code: number;
  readonly type: Type;
  readonly body: FieldCodec<Body>;
}

export function defineMessage<const Type extends string, Body extends object>(
  code: number,
  type: Type,
  body: FieldCodec<Body>,
): MessageDefinition<Type, Body> {
  return { code, type, body };
}

/** The decoded form of a definition: its fields and a `type` to tell messages apart. */
export type MessageOf<D> = D extends MessageDefinition<infer Type, infer Body> ? { readonly type: Type } & Body : never;

/** Encodes and decodes the messages of one direction. */
export interface MessageCodec<Message> {
  /** Canonical description of the wire form. */
  readonly schema: string;
  encode(message: Message): Uint8Array;
  /** Decodes a whole frame. Throws {@link ProtocolError} when it is malformed, unknown or has bytes left over. */
  decode(frame: Uint8Array): Message;
}

interface ErasedDefinition {
  readonly code: number;
  readonly type: string;
  readonly body: FieldCodec<object>;
}

/** Joins message definitions into the codec of one direction. */
export function createMessageCodec<const D extends readonly ErasedDefinition[]>(
  definitions: D,
): MessageCodec<MessageOf<D[number]>> {
  type Message = MessageOf<D[number]>;
  const byCode = new Map<number, ErasedDefinition>(definitions.map((definition) => [definition.code, definition]));
  const byType = new Map<string, ErasedDefinition>(definitions.map((definition) => [definition.type, definition]));
  if (byCode.size !== definitions.length || byType.size !== definitions.length) {
    throw new Error('two messages share a code or a type');
  }
  return {
    schema: definitions.map(({ code, type, body }) => `${code} ${type} ${body.schema}`).join('\n'),
    encode(message) {
      const { type } = message as { type: string };
      const definition = byType.get(type);
      if (!definition) throw new ProtocolError(`unknown message ${type}`);
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, definition.code);
      definition.body.write(encoder, message);
      return encoding.toUint8Array(encoder);
    },
    decode(frame) {
      if (frame.byteLength === 0) throw new ProtocolError('empty frame');
      const decoder = decoding.createDecoder(frame);
      const code = readCode(decoder);
      const definition = byCode.get(code);
      if (!definition) throw new ProtocolError(`unknown message code ${code}`);
      const body = definition.body.read(decoder);
      if (decoding.hasContent(decoder)) throw new ProtocolError(`bytes left over after ${definition.type}`);
      return { type: definition.type, ...body } as Message;
    },
  };
}

function readCode(decoder: decoding.Decoder): number {
  try {
    return decoding.readVarUint(decoder);
  } catch {
    throw new ProtocolError('malformed message code');
  }
}
