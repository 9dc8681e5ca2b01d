import type * as Y from 'yjs';
import { deleteContent, shownBy } from '../../workspace/index.ts';
import { copiesIn, noteTakenBack, RestoredCopies, type RestoredCopy, type TakenBack } from './restored-copies.ts';
import { StructMap } from './struct-map.ts';

/** Origin of the removal of what two people brought back at once. */
const DOUBLES_ORIGIN = Symbol('brought back twice');

interface Living {
  readonly copy: RestoredCopy;
  readonly offset: number;
  readonly text: string;
  /** What each unit was when it was first written. */
  readonly firsts: string;
}

/**
 * Removes from a text what this document's own client has brought back and others, in these acts, have as well without
 * knowledge of it: whoever has the higher Yjs client removes theirs, so that one of both stays. Only for who may write.
 */
export function removeDoubles(text: Y.Text, acts: readonly TakenBack[]): void {
  const { doc } = text;
  if (!doc) return;
  const all = copiesIn(doc);
  const own = withoutOverlaps(all.filter(({ client }) => client === doc.clientID));
  if (own.length === 0) return;
  const others = acts.flatMap(({ copies }) => copies).filter(({ client }) => client < doc.clientID);
  const known = new RestoredCopies(all);
  // Each of theirs is there instead of one of ours.
  const theirs = new Map<string, number>();
  for (const living of findLiving(text, withoutOverlaps(others), known))
    theirs.set(nameOf(living), (theirs.get(nameOf(living)) ?? 0) + 1);
  const doubles = findLiving(text, own, known).filter((mine) => {
    const left = theirs.get(nameOf(mine)) ?? 0;
    theirs.set(nameOf(mine), left - 1);
    return left > 0;
  });
  if (doubles.length === 0) return;
  doc.transact(() => {
    for (const { offset, copy } of doubles.toReversed()) deleteContent(text, offset, copy.length);
    noteTakenBack(doc, { what: 'mine', of: [], copies: [] });
  }, DOUBLES_ORIGIN);
}

/** What was said first of structs stays. */
function withoutOverlaps(copies: readonly RestoredCopy[]): readonly RestoredCopy[] {
  const taken = new StructMap<RestoredCopy>();
  for (const copy of copies) taken.add(copy.client, copy.clock, copy.clock + copy.length, copy);
  return copies.filter(({ client, clock, length }, place) => {
    const { value, until } = taken.at(client, clock);
    return value === copies[place] && until === clock + length;
  });
}

// Each may have brought it back from the copy that they knew.
function nameOf({ firsts, text }: Living): string {
  return `${firsts} ${text}`;
}

function firstsOf({ client, clock, length }: RestoredCopy, known: RestoredCopies): string {
  const firsts: string[] = [];
  for (let at = 0; at < length; at++) {
    let first = '';
    for (const origin of known.originsOf(client, clock + at, 1))
      if (origin.client >= 0) first = `${origin.client}:${origin.clock}`;
    firsts.push(first);
  }
  return firsts.join();
}

/** What others note may be of any length and number: of what together cannot be in a text twice the rest is left out. */
function within(copies: readonly RestoredCopy[], textLength: number): readonly RestoredCopy[] {
  let left = 2 * textLength;
  return copies.filter(({ length }) => length <= left && (left -= length) >= 0);
}

/** Those that are in the text as a whole, in its order. */
function findLiving(text: Y.Text, copies: readonly RestoredCopy[], known: RestoredCopies): readonly Living[] {
  const units = new Map<string, { readonly offset: number; readonly shown: string }>();
  const wanted = new Set(copies.map(({ client }) => client));
  let offset = 0;
  for (let item = text._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue;
    const { client, clock } = item.id;
    const shown = wanted.has(client) ? shownBy(item) : '';
    for (let at = 0; at < shown.length; at++)
      units.set(`${client}:${clock + at}`, { offset: offset + at, shown: shown.charAt(at) });
    offset += item.length;
  }
  return within(copies, text.length)
    .flatMap((copy) => {
      const found = Array.from({ length: copy.length }, (_, at) => units.get(`${copy.client}:${copy.clock + at}`));
      const first = found[0];
      const isWhole = first && found.every((unit, at) => unit?.offset === first.offset + at);
      if (!isWhole) return [];
      const shown = found.map((unit) => unit?.shown).join('');
      return [{ copy, offset: first.offset, text: shown, firsts: firstsOf(copy, known) }];
    })
    .toSorted((a, b) => a.offset - b.offset);
}
