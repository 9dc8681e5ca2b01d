import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { countStructs, splitUpdate } from './split-update.ts';

function randomDocument(seed: number): Y.Doc {
  const random = createSeededRandom(seed);
  const docs = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
  for (let step = 0; step < 300; step++) {
    const doc = docs[random.below(docs.length)] ?? new Y.Doc();
    const text = doc.getText('content');
    if (text.length > 4 && random.chance(0.3)) text.delete(random.below(text.length - 3), 1 + random.below(3));
    else text.insert(random.below(text.length + 1), 'abc'.slice(0, 1 + random.below(3)));
    if (random.chance(0.1)) doc.getMap('files').set(`f${random.below(5)}`, new Y.Map([['path', step]]));
    const other = docs[random.below(docs.length)] ?? doc;
    if (random.chance(0.2)) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
  }
  const whole = new Y.Doc();
  for (const doc of docs) Y.applyUpdate(whole, Y.encodeStateAsUpdate(doc));
  return whole;
}

describe('splitUpdate', () => {
  it('leaves alone what is small enough', () => {
    const update = Y.encodeStateAsUpdate(randomDocument(1));
    expect(splitUpdate(update, countStructs(update))).toEqual([update]);
    const nothing = Y.encodeStateAsUpdate(new Y.Doc());
    expect([countStructs(nothing), splitUpdate(nothing, 1)]).toEqual([0, [nothing]]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('gives parts that make the same document (seed %i)', (seed) => {
    const doc = randomDocument(seed);
    const update = Y.encodeStateAsUpdate(doc);
    for (const maxStructs of [1, 7, 50]) {
      const parts = splitUpdate(update, maxStructs);
      expect(parts).toHaveLength(Math.ceil(countStructs(update) / maxStructs));
      const copy = new Y.Doc();
      for (const part of parts) {
        expect(countStructs(part)).toBeLessThanOrEqual(maxStructs);
        Y.applyUpdate(copy, part);
      }
      expect(copy.getText('content').toString()).toBe(doc.getText('content').toString());
      expect(Y.encodeStateAsUpdate(copy)).toEqual(update);
      expect(Y.encodeStateAsUpdate(docOf(Y.mergeUpdates([...parts])))).toEqual(update);
    }
  });
});

function docOf(update: Uint8Array): Y.Doc {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, update);
  return doc;
}
