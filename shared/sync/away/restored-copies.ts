import * as Y from 'yjs';
import { StructMap } from './struct-map.ts';

/** Of the array in a file's document in which it is noted what was taken back, and which text is a copy of which. */
const TAKEN_BACK = 'takenBack';
/** A copy of a copy of a copy … is followed so far. */
const MAX_STEPS = 64;

/** A stretch of structs that has the text of another one, which was deleted. */
export interface RestoredCopy {
  readonly client: number;
  readonly clock: number;
  readonly length: number;
  readonly fromClient: number;
  readonly fromClock: number;
}

/** `theirs`: what others had done, as seen by who took it back. `restored`: what was taken back is in the text again. */
export type TakingBack = 'theirs' | 'mine' | 'restored';

/** One act, as it stands in a document. It is as little to be trusted as any text of others. */
export interface TakenBack {
  readonly what: TakingBack;
  /** Subjects of those whose edits they were, as far as that is known. */
  readonly of: readonly string[];
  /** The struct in which it came: the relay knows of whom that is. */
  readonly client: number;
  readonly clock: number;
  readonly copies: readonly RestoredCopy[];
}

/** A place in a document, and for how many structs the same holds. */
export interface Origin {
  readonly client: number;
  readonly clock: number;
  readonly length: number;
}

/** Notes an act in the document in which it is done, in the transaction of the act. */
export function noteTakenBack(doc: Y.Doc, { what, of, copies }: Pick<TakenBack, 'what' | 'of' | 'copies'>): void {
  const numbers = copies.flatMap((copy) => [copy.client, copy.clock, copy.length, copy.fromClient, copy.fromClock]);
  doc.getArray(TAKEN_BACK).push([{ what, of: [...of], copies: numbers }]);
}

/** Tells of acts that are added, with the transaction that brings them. Gives how to end that. */
export function watchTakenBack(
  doc: Y.Doc,
  listener: (acts: readonly TakenBack[], transaction: Y.Transaction) => void,
): () => void {
  const array = doc.getArray(TAKEN_BACK);
  const observe = ({ changes }: Y.YArrayEvent<unknown>, transaction: Y.Transaction) => {
    const acts = [...changes.added].flatMap((item) => readItem(item));
    if (acts.length > 0) listener(acts, transaction);
  };
  array.observe(observe);
  return () => array.unobserve(observe);
}

/** All that is noted in a document. */
export function copiesIn(doc: Y.Doc): readonly RestoredCopy[] {
  const copies: RestoredCopy[] = [];
  for (let item = doc.getArray(TAKEN_BACK)._start; item !== null; item = item.right)
    for (const act of readItem(item)) copies.push(...act.copies);
  return copies;
}

/** Whether all that a transaction writes, or wrote, is what acts bring back. What it deletes then is of them as well. */
export function isTakingBack({ doc, changed, beforeState, afterState }: Y.Transaction): boolean {
  const array = doc.share.get(TAKEN_BACK);
  if (!array || !changed.has(array)) return false;
  const copies: RestoredCopy[] = [];
  const written: Y.Item[] = [];
  for (const [client, to] of afterState) {
    const from = beforeState.get(client) ?? 0;
    const structs = from < to ? (doc.store.clients.get(client) ?? []) : [];
    for (let place = from < to ? Y.findIndexSS(structs, from) : structs.length; place < structs.length; place++) {
      const struct = structs[place];
      if (!(struct instanceof Y.Item)) continue;
      if (struct.parent !== array) written.push(struct);
      else copies.push(...readItem(struct).flatMap((act) => act.copies));
    }
  }
  const known = new RestoredCopies(copies);
  return written.every(({ id, length, deleted }) => deleted || known.areCopies(id.client, id.clock, length));
}

/** Which text of a document is there as a copy of what was deleted. */
export class RestoredCopies {
  /** For a document without any. */
  static readonly none = new RestoredCopies([]);
  readonly isEmpty: boolean;
  private readonly copies = new StructMap<RestoredCopy>();

  constructor(copies: readonly RestoredCopy[]) {
    this.isEmpty = copies.length === 0;
    for (const copy of copies) this.copies.add(copy.client, copy.clock, copy.clock + copy.length, copy);
  }

  /** What is noted in the document of a text. */
  static of({ doc }: Y.Text): RestoredCopies {
    const copies = doc ? copiesIn(doc) : [];
    return copies.length > 0 ? new RestoredCopies(copies) : RestoredCopies.none;
  }

  areCopies(client: number, clock: number, length: number): boolean {
    for (let at = clock; at < clock + length;) {
      const { value, until } = this.copies.at(client, at);
      if (!value) return false;
      at = until;
    }
    return true;
  }

  /** What these structs are copies of, the nearest first; nothing for a text that was typed. */
  *originsOf(client: number, clock: number, length: number): Generator<Origin> {
    let at = { client, clock, length };
    for (let step = 0; step < MAX_STEPS; step++) {
      const { value, until } = this.copies.at(at.client, at.clock);
      const known = Math.min(at.length, until - at.clock);
      if (!value) {
        // Nothing has such a client.
        yield { client: -1, clock: 0, length: known };
        return;
      }
      at = { client: value.fromClient, clock: value.fromClock + at.clock - value.clock, length: known };
      yield at;
    }
  }
}

function readItem({ id, content, deleted }: Y.Item): readonly TakenBack[] {
  if (deleted || !(content instanceof Y.ContentAny)) return [];
  const values: readonly unknown[] = content.arr;
  return values.flatMap((value, index) => {
    if (typeof value !== 'object' || value === null || !('what' in value)) return [];
    const { what } = value;
    if (what !== 'theirs' && what !== 'mine' && what !== 'restored') return [];
    const of = 'of' in value ? listOf(value.of) : [];
    const numbers = 'copies' in value ? listOf(value.copies) : [];
    return [
      {
        what,
        of: of.filter((subject): subject is string => typeof subject === 'string'),
        client: id.client,
        clock: id.clock + index,
        copies: readCopies(numbers),
      },
    ];
  });
}

function readCopies(numbers: readonly unknown[]): readonly RestoredCopy[] {
  const copies: RestoredCopy[] = [];
  for (let at = 0; at + 4 < numbers.length; at += 5) {
    const [client, clock, length, fromClient, fromClock] = numbers.slice(at, at + 5);
    if (!isCount(client) || !isCount(clock) || !isCount(length) || !isCount(fromClient) || !isCount(fromClock)) break;
    copies.push({ client, clock, length, fromClient, fromClock });
  }
  return copies;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
