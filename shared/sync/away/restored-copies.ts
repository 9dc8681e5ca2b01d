import * as Y from 'yjs';
import { shownBy } from '../../workspace/index.ts';
import { StructMap } from './struct-map.ts';

/** Of the array in a file's document in which it is noted what was taken back, and which text is a copy of which. */
const TAKEN_BACK = 'takenBack';
/** A copy of a copy of a copy … is followed so far. */
const MAX_STEPS = 64;
/** Stretches that one act says it deletes; of more the rest counts as deleted by whoever did it. */
const MAX_DELETED = 16_384;

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

interface Act extends TakenBack {
  readonly deleted: readonly StructSpan[];
}

interface StructSpan {
  readonly client: number;
  readonly clock: number;
  readonly length: number;
}

/** What of a transaction is of acts in it: that is of whom it was of before. */
export interface TakenBackPart {
  /** Whether the transaction does nothing else to the text. */
  readonly isAll: boolean;
  /** Written structs that are in the text as copies. */
  readonly copies: StructMap<true>;
  /** Structs that were there before, and that acts deleted. */
  readonly deleted: StructMap<true>;
}

/** Gives what these structs have or had as text; undefined when that is not known. */
export type TextAt = (client: number, clock: number, length: number) => string | undefined;

/** A place in a document, and for how many structs the same holds. */
export interface Origin {
  readonly client: number;
  readonly clock: number;
  readonly length: number;
}

/** Notes an act, with all that its transaction has deleted so far: to be called in it, when the text is as it shall be. */
export function noteTakenBack(doc: Y.Doc, { what, of, copies }: Pick<TakenBack, 'what' | 'of' | 'copies'>): void {
  const numbers = copies.flatMap((copy) => [copy.client, copy.clock, copy.length, copy.fromClient, copy.fromClock]);
  doc.transact(({ deleteSet }) => {
    const deleted = [...Y.mergeDeleteSets([deleteSet]).clients]
      .flatMap(([client, ranges]) => ranges.map(({ clock, len }) => [client, clock, len]))
      .slice(0, MAX_DELETED)
      .flat();
    doc.getArray(TAKEN_BACK).push([{ what, of: [...of], copies: numbers, deleted }]);
  });
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

/**
 * What acts in a transaction took back or brought back; undefined when there are none. To be called before Yjs forgets
 * what was deleted. A copy counts where `textAt`, or the document, knows what it is one of, and that has the same text
 * and was deleted; all of self's acts do, who needs no `textAt`.
 */
export function takenBackIn(transaction: Y.Transaction, textAt: TextAt | undefined): TakenBackPart | undefined {
  const news = actsIn(transaction);
  if (!news) return undefined;
  const deleted = deletedBy(news.acts, transaction);
  const copies = believed(news.written, transaction.doc, textAt);
  return { isAll: deleted.isAll && copies.isAll, copies: copies.map, deleted: deleted.map };
}

/** Acts that a transaction adds, and what else it adds that is there still; undefined when there are no acts. */
function actsIn({
  doc,
  changed,
  beforeState,
  afterState,
}: Y.Transaction): { readonly acts: readonly Act[]; readonly written: readonly Y.Item[] } | undefined {
  const array = doc.share.get(TAKEN_BACK);
  if (!array || !changed.has(array)) return undefined;
  const acts: Act[] = [];
  const written: Y.Item[] = [];
  for (const [client, to] of afterState) {
    const from = beforeState.get(client) ?? 0;
    const structs = from < to ? (doc.store.clients.get(client) ?? []) : [];
    for (let place = from < to ? Y.findIndexSS(structs, from) : structs.length; place < structs.length; place++) {
      const struct = structs[place];
      if (!(struct instanceof Y.Item)) continue;
      if (struct.parent === array) acts.push(...readItem(struct));
      else if (!struct.deleted) written.push(struct);
    }
  }
  return acts.length > 0 ? { acts, written } : undefined;
}

interface Believed {
  readonly map: StructMap<true>;
  readonly isAll: boolean;
}

function deletedBy(acts: readonly Act[], { deleteSet, beforeState }: Y.Transaction): Believed {
  const noted = new StructMap<true>();
  for (const { deleted } of acts)
    for (const { client, clock, length } of deleted) noted.add(client, clock, clock + length, true);
  const map = new StructMap<true>();
  let isAll = true;
  for (const [client, ranges] of deleteSet.clients) {
    const known = beforeState.get(client) ?? 0;
    for (const { clock, len } of ranges) {
      const end = Math.min(clock + len, known);
      for (let at = clock; at < end;) {
        const { value, until } = noted.at(client, at);
        const next = Math.min(end, until);
        if (value) map.add(client, at, next, true);
        else isAll = false;
        at = next;
      }
    }
  }
  return { map, isAll };
}

function believed(written: readonly Y.Item[], doc: Y.Doc, textAt: TextAt | undefined): Believed {
  const map = new StructMap<true>();
  let isAll = true;
  if (written.length === 0) return { map, isAll };
  const known = new RestoredCopies(copiesIn(doc));
  for (const item of written) {
    const { client, clock: first } = item.id;
    const shown = item.countable ? shownBy(item) : undefined;
    for (let clock = first; clock < first + item.length;) {
      const origins = [...known.originsOf(client, clock, first + item.length - clock)];
      const length = origins.at(-1)?.length ?? first + item.length - clock;
      const text = shown?.slice(clock - first, clock - first + length);
      const isCopy = origins.some((origin) => {
        if (origin.client < 0 || text === undefined) return false;
        if (!textAt) return true;
        const stored = readStored(doc, origin.client, origin.clock, length);
        if (stored?.isDeleted === false) return false;
        return (textAt(origin.client, origin.clock, length) ?? stored?.text) === text;
      });
      if (isCopy) map.add(client, clock, clock + length, true);
      else isAll = false;
      clock += length;
    }
  }
  return { map, isAll };
}

interface StoredText {
  readonly text: string | undefined;
  /** All of it was. */
  readonly isDeleted: boolean;
}

/** What the document has of structs; undefined when it does not have them all. */
function readStored({ store }: Y.Doc, client: number, clock: number, length: number): StoredText | undefined {
  const structs = store.clients.get(client);
  if (!structs || clock + length > Y.getState(store, client)) return undefined;
  let text: string | undefined = '';
  let isDeleted = true;
  const end = clock + length;
  for (let place = Y.findIndexSS(structs, clock); place < structs.length; place++) {
    const struct = structs[place];
    if (!struct || struct.id.clock >= end) break;
    isDeleted &&= struct.deleted;
    const isKnown = struct instanceof Y.Item && struct.content instanceof Y.ContentString;
    if (!isKnown) text = undefined;
    else if (text !== undefined)
      text += shownBy(struct).slice(Math.max(0, clock - struct.id.clock), end - struct.id.clock);
  }
  return { text, isDeleted };
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

function readItem({ id, content, deleted }: Y.Item): readonly Act[] {
  if (deleted || !(content instanceof Y.ContentAny)) return [];
  const values: readonly unknown[] = content.arr;
  return values.flatMap((value, index) => {
    if (typeof value !== 'object' || value === null || !('what' in value)) return [];
    const { what } = value;
    if (what !== 'theirs' && what !== 'mine' && what !== 'restored') return [];
    const of = 'of' in value ? listOf(value.of) : [];
    const place = { client: id.client, clock: id.clock + index };
    return [
      {
        ...{ what, ...place },
        of: of.filter((subject): subject is string => typeof subject === 'string'),
        copies: 'copies' in value ? readCopies(listOf(value.copies), place) : [],
        deleted: 'deleted' in value ? readDeleted(listOf(value.deleted)) : [],
      },
    ];
  });
}

/** Whoever brings text back writes it, before the act says so: what is said of other structs counts as nothing. */
function readCopies(
  numbers: readonly unknown[],
  act: { readonly client: number; readonly clock: number },
): readonly RestoredCopy[] {
  const copies: RestoredCopy[] = [];
  for (let at = 0; at + 4 < numbers.length; at += 5) {
    const [client, clock, length, fromClient, fromClock] = numbers.slice(at, at + 5);
    if (!isCount(client) || !isCount(clock) || !isCount(length) || !isCount(fromClient) || !isCount(fromClock)) break;
    if (client !== act.client || length === 0 || clock + length > act.clock) continue;
    copies.push({ client, clock, length, fromClient, fromClock });
  }
  return copies;
}

function readDeleted(numbers: readonly unknown[]): readonly StructSpan[] {
  const deleted: StructSpan[] = [];
  for (let at = 0; at + 2 < numbers.length && deleted.length < MAX_DELETED; at += 3) {
    const [client, clock, length] = numbers.slice(at, at + 3);
    if (!isCount(client) || !isCount(clock) || !isCount(length)) break;
    deleted.push({ client, clock, length });
  }
  return deleted;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
