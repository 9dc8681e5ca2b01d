import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { CONTENT_TEXT } from '../../workspace/index.ts';
import type { Attribution } from './attribution.ts';
import { noteTakenBack, type RestoredCopy } from './restored-copies.ts';
import { TextLayers } from './text-layers.ts';

/** What is new counts for nobody, and what is gone self deleted. */
const DELETED: Attribution = {
  at: () => ({ writer: 'base', deletedBy: ['mine'], isAlsoTheirs: false, text: undefined, until: Infinity }),
};

/** A text of `count` letters that was deleted and brought back; each letter is a copy of its own, in another order. */
function broughtBack(count: number) {
  const doc = new Y.Doc();
  doc.clientID = 1;
  onTestFinished(() => doc.destroy());
  const text = doc.getText(CONTENT_TEXT);
  text.insert(0, 'x'.repeat(count));
  const before = TextLayers.of(text);
  text.delete(0, count);
  doc.transact(() => {
    text.insert(0, 'x'.repeat(count));
    const copies = Array.from({ length: count }, (_, at): RestoredCopy => {
      const copy = { client: 1, clock: count + at, length: 1, fromClient: 1 };
      return { ...copy, fromClock: count - 1 - at };
    });
    noteTakenBack(doc, { what: 'restored', of: [], copies });
  });
  return { text, before };
}

function msToFollow(count: number): number {
  const { text, before } = broughtBack(count);
  const layers = before.advance(text, DELETED);
  const fromMs = performance.now();
  const followed = layers.follow(text);
  const tookMs = performance.now() - fromMs;
  expect(followed.current).toBe('x'.repeat(count));
  expect([followed.base.length, layers.base.length]).toEqual([count, 2 * count]);
  return tookMs;
}

it('[FI3] follows many copies of single letters in a time that grows with their number', () => {
  msToFollow(1_000);
  const [few, many] = [msToFollow(10_000), msToFollow(40_000)];
  // Of the square it would be 16 times as much, and seconds.
  expect([many < 2_000, many < 12 * Math.max(few, 50)]).toEqual([true, true]);
});
