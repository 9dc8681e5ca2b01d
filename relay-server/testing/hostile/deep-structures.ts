import * as encoding from 'lib0/encoding';

/** Ref number of `Y.Array` in an update. */
const ARRAY = 0;
const CONTENT_TYPE = 7;

export interface NestedArrays {
  readonly clientID: number;
  readonly depth: number;
  /** The first of these structs; those before it came in another update. */
  readonly fromClock?: number;
  /** The root type that has the outermost. */
  readonly root?: string;
}

/** A Yjs update with arrays each of which has the next one; Yjs itself would take quadratic time to write it. */
export function nestedArrays({ clientID, depth, fromClock = 0, root = 'deep' }: NestedArrays): Uint8Array {
  return encoding.encode((encoder) => {
    for (const number of [1, depth, clientID, fromClock]) encoding.writeVarUint(encoder, number);
    for (let clock = fromClock; clock < fromClock + depth; clock++) {
      encoding.writeUint8(encoder, CONTENT_TYPE);
      encoding.writeVarUint(encoder, clock === 0 ? 1 : 0);
      if (clock === 0) encoding.writeVarString(encoder, root);
      else for (const number of [clientID, clock - 1]) encoding.writeVarUint(encoder, number);
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
