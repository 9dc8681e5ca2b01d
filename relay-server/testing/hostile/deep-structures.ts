import * as encoding from 'lib0/encoding';

/** Ref number of `Y.Array` in an update. */
const ARRAY = 0;
const CONTENT_TYPE = 7;

export interface NestedArrays {
  readonly clientID: number;
  readonly depth: number;
  /** The first of these structs; it is in the one before, which came in another update. */
  readonly fromClock?: number;
  /** What the first struct is in: a root type of this name, or the type that another struct is. */
  readonly inside?: string | { readonly client: number; readonly clock: number };
}

/** A Yjs update with arrays each of which has the next one; Yjs itself would take quadratic time to write it. */
export function nestedArrays({ clientID, depth, fromClock = 0, inside = 'deep' }: NestedArrays): Uint8Array {
  return encoding.encode((encoder) => {
    for (const number of [1, depth, clientID, fromClock]) encoding.writeVarUint(encoder, number);
    for (let clock = fromClock; clock < fromClock + depth; clock++) {
      encoding.writeUint8(encoder, CONTENT_TYPE);
      const parent = clock === 0 ? inside : { client: clientID, clock: clock - 1 };
      encoding.writeVarUint(encoder, typeof parent === 'string' ? 1 : 0);
      if (typeof parent === 'string') encoding.writeVarString(encoder, parent);
      else for (const number of [parent.client, parent.clock]) encoding.writeVarUint(encoder, number);
      encoding.writeVarUint(encoder, ARRAY);
    }
    encoding.writeVarUint(encoder, 0);
  });
}

/** A Yjs update that deletes one struct and, with it, everything in it. */
export function deletionOf(clientID: number, clock = 0): Uint8Array {
  return encoding.encode((encoder) => {
    for (const number of [0, 1, clientID, 1, clock, 1]) encoding.writeVarUint(encoder, number);
  });
}

/** Lists in lists, `depth` of them. */
export function nestedLists(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}
