import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { bringsNothing } from './known-deletions.ts';

function edited(seed: number, edits: number): Y.Doc {
  const random = createSeededRandom(seed);
  const doc = new Y.Doc();
  doc.clientID = seed;
  const text = doc.getText('content');
  for (let edit = 0; edit < edits; edit++) {
    if (text.length > 10 && random.chance(0.5)) text.delete(random.below(text.length - 5), 1 + random.below(5));
    else text.insert(random.below(text.length + 1), 'abcdef');
  }
  return doc;
}

function copyOf(doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  return copy;
}

describe('what a client answers to sync step 1', () => {
  it.each([1, 2, 3, 4, 5])('[YW7] brings nothing when it is what the client was sent (seed %i)', (seed) => {
    const doc = edited(seed, 200);
    const sent = [Y.encodeStateAsUpdate(doc)];
    const client = copyOf(doc);
    const answer = () => Y.encodeStateAsUpdate(client, Y.encodeStateVector(doc));
    expect(bringsNothing(answer(), sent)).toBe(true);
    expect(bringsNothing(answer(), [])).toBe(false);
    client.getText('content').delete(3, 2);
    expect(bringsNothing(answer(), sent)).toBe(false);
  });

  it('[YW7] brings something with any text, and with what cannot be read', () => {
    expect(bringsNothing(Y.encodeStateAsUpdate(edited(1, 1)), [])).toBe(false);
    expect(bringsNothing(new Uint8Array([0, 9, 9]), [])).toBe(false);
    expect(bringsNothing(new Uint8Array(0), [])).toBe(false);
    expect(bringsNothing(new Uint8Array([0, 0]), [])).toBe(true);
  });

  it('[YW7] compares with everything that was sent, in any order', () => {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(update));
    const text = doc.getText('content');
    text.insert(0, 'abcdefghij');
    for (const index of [6, 0, 3, 3]) text.delete(index, 1);
    const answer = Y.encodeStateAsUpdate(doc, Y.encodeStateVector(doc));
    expect(bringsNothing(answer, updates.toReversed())).toBe(true);
    for (const left of updates.slice(1)) {
      expect(
        bringsNothing(
          answer,
          updates.filter((update) => update !== left),
        ),
      ).toBe(false);
    }
  });
});
