import type * as Y from 'yjs';
import { deleteContent, shownBy } from '../../workspace/index.ts';
import { copiesIn, noteTakenBack, type RestoredCopy, type TakenBack } from './restored-copies.ts';

/** Origin of the removal of what two people brought back at once. */
const DOUBLES_ORIGIN = Symbol('brought back twice');

interface Living {
  readonly copy: RestoredCopy;
  readonly offset: number;
  readonly text: string;
}

/**
 * Removes from a text what this document's own client has brought back and others, in these acts, have as well without
 * knowledge of it: whoever has the higher Yjs client removes theirs, so that one of both stays.
 */
export function removeDoubles(text: Y.Text, acts: readonly TakenBack[]): void {
  const { doc } = text;
  if (!doc) return;
  const own = copiesIn(doc).filter(({ client }) => client === doc.clientID);
  if (own.length === 0) return;
  const others = acts.flatMap(({ copies }) => copies).filter(({ client }) => client < doc.clientID);
  const theirs = findLiving(text, others);
  const doubles = findLiving(text, own).filter((mine) => theirs.some((other) => isSame(mine, other)));
  if (doubles.length === 0) return;
  doc.transact(() => {
    for (const { offset, copy } of doubles.toReversed()) deleteContent(text, offset, copy.length);
    noteTakenBack(doc, { what: 'mine', of: [], copies: [] });
  }, DOUBLES_ORIGIN);
}

function isSame(a: Living, b: Living): boolean {
  const isFromSame = a.copy.fromClient === b.copy.fromClient && a.copy.fromClock === b.copy.fromClock;
  return isFromSame && a.text === b.text;
}

/** Those that are in the text as a whole, in its order. */
function findLiving(text: Y.Text, copies: readonly RestoredCopy[]): readonly Living[] {
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
  return copies
    .flatMap((copy) => {
      const found = Array.from({ length: copy.length }, (_, at) => units.get(`${copy.client}:${copy.clock + at}`));
      const first = found[0];
      const isWhole = first && found.every((unit, at) => unit?.offset === first.offset + at);
      return isWhole ? [{ copy, offset: first.offset, text: found.map((unit) => unit?.shown).join('') }] : [];
    })
    .toSorted((a, b) => a.offset - b.offset);
}
