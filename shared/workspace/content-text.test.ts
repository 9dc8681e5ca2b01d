import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom, type SeededRandom } from '../testing/seeded-random.ts';
import { deleteContent, editContent, OBJECT_REPLACEMENT, readContent } from './content-text.ts';
import { applyTextEdits } from './three-way-merge.ts';

const OBJECTS = OBJECT_REPLACEMENT.repeat(2);

/** A text with the items of a list, as a foreign program that takes it for one puts them there. */
function textWithList(before: string, items: readonly unknown[], after: string): Y.Text {
  const doc = new Y.Doc();
  doc.clientID = 1;
  const text = doc.getText('content');
  text.insert(0, before);
  const foreign = new Y.Doc();
  foreign.clientID = 2;
  foreign.getArray('content').insert(0, [...items]);
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(foreign));
  text.insert(text.length, after);
  return text;
}

function randomEdits(random: SeededRandom, length: number) {
  const edits = [];
  for (let offset = random.below(6); offset <= length; offset += 1 + random.below(12)) {
    const deleteLength = Math.min(random.below(5), length - offset);
    edits.push({ offset, deleteLength, insert: random.pick(['', 'x', 'new ', 'ß\n']) });
    offset += deleteLength;
  }
  return edits;
}

describe('a text into which a foreign program has put what is no text', () => {
  it.each(Array.from({ length: 20 }, (_unused, index) => index + 1))(
    'is edited where people see it (seed %i)',
    (seed) => {
      const random = createSeededRandom(seed);
      const doc = new Y.Doc();
      const text = doc.getText('content');
      text.insert(0, 'hello world\nand all\n');
      for (let round = 0; round < 30; round++) {
        const at = random.below(text.length + 1);
        if (random.chance(0.3)) text.insertEmbed(at, { image: round });
        if (random.chance(0.2)) text.insertEmbed(at, new Y.Map());
        if (random.chance(0.3)) text.format(0, at, { bold: random.chance(0.5) });
        const before = readContent(text);
        expect(before).toHaveLength(text.length);
        const edits = randomEdits(random, before.length);
        editContent(text, edits, undefined);
        expect(readContent(text)).toBe(applyTextEdits(before, edits));
      }
    },
  );

  it('keeps what Yjs cannot delete, and deletes nothing else in its place', () => {
    const text = textWithList('one ', [1, { two: 2 }], 'two');
    expect(readContent(text)).toBe(`one ${OBJECTS}two`);
    expect(deleteContent(text, 2, 5)).toBe(3);
    expect(readContent(text)).toBe(`on${OBJECTS}wo`);
  });

  it('is edited beside what Yjs cannot delete', () => {
    const text = textWithList('one ', [1, 2], 'two three');
    const edits = [
      { offset: 0, deleteLength: 5, insert: 'ONE' },
      { offset: 10, deleteLength: 5, insert: 'THREE' },
    ];
    editContent(text, edits, undefined);
    expect(readContent(text)).toBe(`ONE${OBJECTS}two THREE`);
  });
});
