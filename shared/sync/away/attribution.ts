import * as Y from 'yjs';
import type { AwaySide } from './away-summary.ts';
import { LostTexts } from './lost-texts.ts';
import type { TakenBackPart } from './restored-copies.ts';
import { StructMap } from './struct-map.ts';

/** Who a text was written by: `base` was there before anybody left, or counts for nobody. */
export type Writer = 'base' | AwaySide;

/** What became of a struct, for those which nothing was known of before. */
export interface Attributed {
  readonly writer: Writer;
  /** Who deleted it, if it was deleted. */
  readonly deletedBy: readonly Writer[];
  /** Others are known to have deleted it, even if it was not there any more. */
  readonly isAlsoTheirs: boolean;
  /** What it was, from this clock on, where it was deleted and that is known. */
  readonly text: string | undefined;
  /** So far this holds, exclusive. */
  readonly until: number;
}

/** Tells who did what to a text, struct by struct. */
export interface Attribution {
  at(client: number, clock: number): Attributed;
}

/** All was done by one. */
export function allBy(writer: Writer): Attribution {
  const attributed = { writer, deletedBy: [writer], isAlsoTheirs: false, text: undefined, until: Infinity };
  return { at: () => attributed };
}

/**
 * Of what a text has become since it was kept, by somebody whose process ended before it could tell: what the relay has
 * not acked is of this device, the rest of others.
 */
export function byUnacked(unacked: readonly Uint8Array[]): Attribution {
  const inserted = new StructMap<true>();
  const deleted = new StructMap<true>();
  for (const update of unacked) {
    for (const { client, from, to } of insertedBy(update)) inserted.add(client, from, to, true);
    for (const { client, from, to } of deletedBy(update)) deleted.add(client, from, to, true);
  }
  return {
    at(client, clock) {
      const [writer, deleter] = [inserted.at(client, clock), deleted.at(client, clock)];
      return {
        writer: writer.value ? 'mine' : 'theirs',
        deletedBy: [deleter.value ? 'mine' : 'theirs'],
        isAlsoTheirs: false,
        text: undefined,
        until: Math.min(writer.until, deleter.until),
      };
    },
  };
}

/** Notes who did what, one transaction after the other. */
export class ChangeRecord implements Attribution {
  private readonly written = new StructMap<Writer>();
  private readonly deleted = {
    base: new StructMap<true>(),
    mine: new StructMap<true>(),
    theirs: new StructMap<true>(),
  };
  private readonly lost = new LostTexts();
  private readonly deleters = new Set<Writer>();
  private count = 0;
  isEmpty = true;

  /** Structs that were written and texts that were lost, in UTF-16 units. */
  get length(): number {
    return this.count + this.lost.length;
  }

  /** To be called before Yjs forgets what was deleted. What acts took back or brought back, `part`, nobody did. */
  add(transaction: Y.Transaction, writer: Writer, part?: TakenBackPart): void {
    this.isEmpty = false;
    for (const [client, to] of transaction.afterState) {
      const from = transaction.beforeState.get(client) ?? 0;
      for (const span of spansOf(part?.copies, client, from, to))
        this.written.add(client, span.from, span.to, span.isIn ? 'base' : writer);
      this.count += to - from;
    }
    for (const [client, ranges] of transaction.deleteSet.clients) {
      for (const { clock, len } of ranges) {
        for (const { from, to, isIn } of spansOf(part?.deleted, client, clock, clock + len)) {
          if (isIn) continue;
          this.deleted[writer].add(client, from, to, true);
          this.deleters.add(writer);
        }
      }
    }
    // What was there before is known to the layers.
    this.lost.add(transaction, (client, clock) => this.written.at(client, clock).value !== undefined);
  }

  /** Others have deleted all that this update deletes, whether or not it was there still. */
  addDeletions(update: Uint8Array): void {
    this.isEmpty = false;
    for (const { client, from, to } of deletedBy(update)) this.deleted.theirs.add(client, from, to, true);
  }

  hasDeletionsOf(writer: Writer): boolean {
    return this.deleters.has(writer);
  }

  at(client: number, clock: number): Attributed {
    const written = this.written.at(client, clock);
    const lost = this.lost.at(client, clock);
    let until = Math.min(written.until, lost.until);
    const by: Writer[] = [];
    for (const writer of ['base', 'mine', 'theirs'] as const) {
      const deleted = this.deleted[writer].at(client, clock);
      if (deleted.value) by.push(writer);
      until = Math.min(until, deleted.until);
    }
    return {
      writer: written.value ?? 'base',
      deletedBy: by,
      isAlsoTheirs: by.includes('theirs'),
      text: lost.text,
      until,
    };
  }
}

/** The structs of a range, by whether they are in `map`. */
function* spansOf(
  map: StructMap<true> | undefined,
  client: number,
  from: number,
  to: number,
): Generator<{ readonly from: number; readonly to: number; readonly isIn: boolean }> {
  for (let at = from; at < to;) {
    const { value, until } = map?.at(client, at) ?? { value: undefined, until: to };
    const end = Math.min(to, until);
    yield { from: at, to: end, isIn: value === true };
    at = end;
  }
}

interface StructRange {
  readonly client: number;
  readonly from: number;
  readonly to: number;
}

function insertedBy(update: Uint8Array): readonly StructRange[] {
  try {
    const { from, to } = Y.parseUpdateMeta(update);
    return [...to].map(([client, end]) => ({ client, from: from.get(client) ?? 0, to: end }));
  } catch {
    // A damaged one is in no text either, and was told of when it was read.
    return [];
  }
}

function deletedBy(update: Uint8Array): readonly StructRange[] {
  try {
    const { clients } = Y.decodeUpdate(update).ds;
    return [...clients].flatMap(([client, ranges]) =>
      ranges.map(({ clock, len }) => ({ client, from: clock, to: clock + len })),
    );
  } catch {
    return [];
  }
}
