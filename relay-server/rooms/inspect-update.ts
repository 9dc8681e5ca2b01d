import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import { errorMessage } from '../../shared/lifecycle/index.ts';
import { isNestedTooDeep, MAX_NESTING } from './nesting.ts';

/** A run of structs that an update brings. */
export interface ClockRange {
  readonly client: number;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export type Inspection =
  | { readonly kind: 'sound'; readonly ranges: readonly ClockRange[] }
  | { readonly kind: 'malformed'; readonly explanation: string };

/** Far beyond what anybody types; keeps sums of clocks exact. */
const MAX_CLOCK = 2 ** 40;
/** Far beyond what an editor makes at once, offline edits of days included; checking them takes half a second. */
const MAX_STRUCTS = 300_000;

/** Yjs makes it by itself and keeps it to itself. */
let latest: decoding.Decoder | undefined;

class CountingDecoder extends Y.UpdateDecoderV1 {
  private structCount = 0;

  constructor(decoder: decoding.Decoder) {
    super(decoder);
    latest = decoder;
  }

  override readInfo(): number {
    if (++this.structCount > MAX_STRUCTS) throw new Error(`it has more than ${MAX_STRUCTS} parts`);
    return super.readInfo();
  }
}

/**
 * Decodes a Yjs update in full and says what it brings. What passes can be merged and compared later: one bad row in the
 * log would spoil all of its document.
 */
export function inspectUpdate(payload: Uint8Array): Inspection {
  return inspect(payload, () => undefined);
}

/**
 * The same for an update that somebody sends (SPEC UP2), whose values must not be nested so deep that others could not
 * read them. What is stored already is not to be judged by that.
 */
export function inspectEdit(payload: Uint8Array): Inspection {
  return inspect(payload, (structs) =>
    structs.some(isNestedTooDeep) ? `a value is nested deeper than ${MAX_NESTING} levels` : undefined,
  );
}

function inspect(
  payload: Uint8Array,
  findFault: (structs: readonly (Y.Item | Y.GC | Y.Skip)[]) => string | undefined,
): Inspection {
  try {
    const { structs, ds } = Y.decodeUpdateV2(payload, CountingDecoder);
    if (latest && decoding.hasContent(latest)) return malformed('bytes are left over');
    const fault = findFault(structs);
    if (fault !== undefined) return malformed(fault);
    const ranges = toRanges(structs);
    if (typeof ranges === 'string') return malformed(ranges);
    for (const deletes of ds.clients.values()) {
      if (deletes.some(({ clock, len }) => len < 1 || clock + len > MAX_CLOCK))
        return malformed('a deletion is out of bounds');
    }
    return { kind: 'sound', ranges };
  } catch (error) {
    return malformed(errorMessage(error));
  } finally {
    latest = undefined;
  }
}

function toRanges(structs: readonly (Y.Item | Y.GC | Y.Skip)[]): ClockRange[] | string {
  const ranges: { client: number; start: number; end: number }[] = [];
  let client = Infinity;
  for (const struct of structs) {
    const { id, length } = struct;
    // Merging relies on this order and would drop what breaks it.
    if (id.client > client) return 'its authors are out of order';
    client = id.client;
    const end = id.clock + length;
    if (length < 1 || end > MAX_CLOCK) return 'a struct is out of bounds';
    if (struct instanceof Y.Skip) continue;
    if (struct instanceof Y.Item && pointsAhead(struct)) return 'a struct builds on a later one of its own author';
    const last = ranges.at(-1);
    if (last?.client === client && last.end === id.clock) last.end = end;
    else if (last?.client === client && last.end > id.clock) return 'its authors are out of order';
    else ranges.push({ client, start: id.clock, end });
  }
  return ranges;
}

/** Yjs takes for granted that an author builds on what is older, and fails to apply what does not. */
function pointsAhead({ id, origin, rightOrigin, parent }: Y.Item): boolean {
  return [origin, rightOrigin, parent].some(
    (target) => target instanceof Y.ID && target.client === id.client && target.clock >= id.clock,
  );
}

function malformed(reason: string): Inspection {
  return { kind: 'malformed', explanation: `The edit is no valid Yjs update: ${reason}.` };
}
