import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { decodeUtf8, encodeUtf8 } from 'lib0/string';
import { ProtocolError } from './protocol-error.ts';

/** Writes and reads one field. `schema` describes its wire form and feeds the schema hash. */
export interface FieldCodec<T> {
  readonly schema: string;
  write(encoder: encoding.Encoder, value: T): void;
  /** Throws {@link ProtocolError} on malformed input. */
  read(decoder: decoding.Decoder): T;
}

/** The value type of a codec. */
export type FieldValue<C> = C extends FieldCodec<infer T> ? T : never;

function readGuarded<T>(schema: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw new ProtocolError(`malformed ${schema}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** An unsigned integer up to 2^53 − 1, as a lib0 varuint. */
export const uint: FieldCodec<number> = {
  schema: 'uint',
  write(encoder, value) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no unsigned integer`);
    encoding.writeVarUint(encoder, value);
  },
  read: (decoder) =>
    readGuarded('uint', () => {
      const value = decoding.readVarUint(decoder);
      // lib0 lets the last byte carry the number beyond its own limit, where two numbers become one.
      if (!Number.isSafeInteger(value)) throw new ProtocolError(`malformed uint: ${value} is beyond 2^53`);
      return value;
    }),
};

/** One byte, 0 or 1. */
export const flag: FieldCodec<boolean> = {
  schema: 'flag',
  write: (encoder, value) => encoding.writeUint8(encoder, value ? 1 : 0),
  read: (decoder) =>
    readGuarded('flag', () => {
      const byte = decoding.readUint8(decoder);
      if (byte !== 0 && byte !== 1) throw new ProtocolError(`malformed flag: ${byte}`);
      return byte === 1;
    }),
};

/** A length-prefixed byte string of at most `maxBytes`. What is read is a view into the frame. */
export function bytes(maxBytes: number): FieldCodec<Uint8Array> {
  const schema = `bytes<=${maxBytes}`;
  return {
    schema,
    write(encoder, value) {
      if (value.byteLength > maxBytes) throw new ProtocolError(`${value.byteLength} bytes exceed ${schema}`, 4413);
      encoding.writeVarUint8Array(encoder, value);
    },
    read: (decoder) =>
      readGuarded(schema, () => {
        const length = decoding.readVarUint(decoder);
        if (length > maxBytes) throw new ProtocolError(`${length} bytes exceed ${schema}`, 4413);
        if (length > decoder.arr.byteLength - decoder.pos) throw new ProtocolError(`malformed ${schema}: cut short`);
        return decoding.readUint8Array(decoder, length);
      }),
  };
}

/** Exactly `length` bytes, without a length before them. What is read is a view into the frame. */
export function fixedBytes(length: number): FieldCodec<Uint8Array> {
  const schema = `bytes=${length}`;
  return {
    schema,
    write(encoder, value) {
      if (value.byteLength !== length) throw new ProtocolError(`${value.byteLength} bytes are not ${schema}`);
      encoding.writeUint8Array(encoder, value);
    },
    read: (decoder) =>
      readGuarded(schema, () => {
        if (length > decoder.arr.byteLength - decoder.pos) throw new ProtocolError(`malformed ${schema}: cut short`);
        return decoding.readUint8Array(decoder, length);
      }),
  };
}

/** A UTF-8 string of at most `maxBytes` that matches `pattern` as a whole, when one is given. */
export function text(maxBytes: number, pattern?: RegExp): FieldCodec<string> {
  const raw = bytes(maxBytes);
  const schema = `text<=${maxBytes}${pattern ? pattern.toString() : ''}`;
  return {
    schema,
    write: (encoder, value) => raw.write(encoder, encodeUtf8(value)),
    read: (decoder) =>
      readGuarded(schema, () => {
        const value = decodeUtf8(raw.read(decoder));
        if (pattern && !pattern.test(value)) throw new ProtocolError(`malformed ${schema}`);
        return value;
      }),
  };
}

/** One of a fixed list of words, as its index. Append only: the order is the wire form. */
export function oneOf<const T extends readonly string[]>(words: T): FieldCodec<T[number]> {
  const schema = `oneOf(${words.join('|')})`;
  return {
    schema,
    write: (encoder, value) => encoding.writeVarUint(encoder, words.indexOf(value)),
    read: (decoder) => {
      const word = words[uint.read(decoder)];
      if (word === undefined) throw new ProtocolError(`malformed ${schema}`);
      return word;
    },
  };
}

/** A flag, then the value when there is one. */
export function optional<T>(inner: FieldCodec<T>): FieldCodec<T | undefined> {
  return {
    schema: `optional(${inner.schema})`,
    write(encoder, value) {
      flag.write(encoder, value !== undefined);
      if (value !== undefined) inner.write(encoder, value);
    },
    read: (decoder) => (flag.read(decoder) ? inner.read(decoder) : undefined),
  };
}

/** A count of at most `maxItems`, then the items. */
export function list<T>(inner: FieldCodec<T>, maxItems: number): FieldCodec<readonly T[]> {
  const schema = `list<=${maxItems}(${inner.schema})`;
  return {
    schema,
    write(encoder, value) {
      if (value.length > maxItems) throw new ProtocolError(`${value.length} items exceed ${schema}`, 4413);
      encoding.writeVarUint(encoder, value.length);
      for (const item of value) inner.write(encoder, item);
    },
    read(decoder) {
      const length = uint.read(decoder);
      if (length > maxItems) throw new ProtocolError(`${length} items exceed ${schema}`, 4413);
      const items: T[] = [];
      for (let index = 0; index < length; index++) items.push(inner.read(decoder));
      return items;
    },
  };
}

type FieldsOf<T> = { readonly [K in keyof T]: FieldCodec<T[K]> };

/** Named fields in the order they are written down. */
export function struct<T extends object>(fields: FieldsOf<T>): FieldCodec<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return {
    schema: `{${names.map((name) => `${name}:${fields[name].schema}`).join(',')}}`,
    write(encoder, value) {
      for (const name of names) fields[name].write(encoder, value[name]);
    },
    read(decoder) {
      const value: Partial<T> = {};
      for (const name of names) value[name] = fields[name].read(decoder);
      return value as T;
    },
  };
}
