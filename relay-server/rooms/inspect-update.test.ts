import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import { inspectEdit, inspectUpdate } from './inspect-update.ts';
import { KnownClocks } from './known-clocks.ts';

function randomUpdates(seed: number): { doc: Y.Doc; updates: Uint8Array[] } {
  const random = createSeededRandom(seed);
  const docs = [1, 2, 3].map((index) => {
    const doc = new Y.Doc();
    doc.clientID = seed * 10 + index;
    return doc;
  });
  const merged = new Y.Doc();
  const updates: Uint8Array[] = [];
  for (const doc of docs) doc.on('update', (update: Uint8Array) => updates.push(update));
  for (let step = 0; step < 60; step++) {
    const doc = random.pick(docs);
    const text = doc.getText('content');
    if (random.chance(0.2)) Y.applyUpdate(doc, Y.encodeStateAsUpdate(random.pick(docs)), 'remote');
    else if (random.chance(0.3) && text.length > 0) text.delete(random.below(text.length), 1);
    else if (random.chance(0.25)) doc.getMap('map').set(`k${random.below(3)}`, { deep: [random.next(), null, 'x'] });
    else text.insert(random.below(text.length + 1), random.pick(['a', 'é', '漢字', '🙂 and more']));
  }
  for (const update of updates) Y.applyUpdate(merged, update);
  return { doc: merged, updates };
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}

function encodeWith(edit: (text: Y.Text) => void): Uint8Array {
  const doc = new Y.Doc();
  edit(doc.getText('content'));
  return Y.encodeStateAsUpdate(doc);
}

function explanationOf(update: Uint8Array): string {
  const inspection = inspectEdit(update);
  return inspection.kind === 'malformed' ? inspection.explanation : '';
}

describe('an update', () => {
  it('[UP2] takes everything that Yjs writes', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { doc, updates } = randomUpdates(seed);
      for (const update of [
        ...updates,
        Y.encodeStateAsUpdate(doc),
        Y.mergeUpdates(updates.filter((_, index) => index % 3 > 0)),
      ]) {
        expect(inspectUpdate(update).kind).toBe('sound');
      }
    }
  });

  it.each([
    ['embed', (value: unknown) => encodeWith((text) => text.insertEmbed(0, { value }))],
    ['format', (value: unknown) => encodeWith((text) => text.insert(0, 'x', { value }))],
    ['map entry', (value: unknown) => encodeWith((text) => text.doc?.getMap('map').set('key', value))],
  ])('[UP2] refuses an %s that is nested so deep that others could not read it', (_name, encode) => {
    expect(inspectEdit(encode(nested(200))).kind).toBe('sound');
    for (const depth of [300, 2_000]) {
      expect(explanationOf(encode(nested(depth)))).toContain('nested deeper than 256');
      // A relay that had no such bound has stored it, and everybody can read it.
      expect(inspectUpdate(encode(nested(depth))).kind).toBe('sound');
    }
  });

  it('[UP2] refuses what is nested deeper than the stack', () => {
    // Yjs does not write it.
    const marker = 'a'.repeat(400_000);
    const update = encodeWith((text) => text.insertEmbed(0, [marker]));
    const depth = 200_002;
    update.set(Buffer.from('['.repeat(depth) + ']'.repeat(depth)), Buffer.from(update).indexOf(`["${marker}"]`));
    expect(explanationOf(update)).toContain('nested deeper than 256');
  });

  it('[UP2] whatever passes can be merged, compared and applied', () => {
    const random = createSeededRandom(42);
    const { doc, updates } = randomUpdates(7);
    const whole = Y.encodeStateAsUpdate(doc);
    let passed = 0;
    for (let round = 0; round < 4000; round++) {
      const mutated = random.pick(updates).slice();
      for (let count = 1 + random.below(3); count > 0; count--)
        mutated[random.below(mutated.length)] = random.below(256);
      const payload = random.chance(0.2) ? mutated.slice(0, random.below(mutated.length)) : mutated;
      if (inspectUpdate(payload).kind !== 'sound') continue;
      passed++;
      const merged = Y.mergeUpdates([whole, payload]);
      Y.diffUpdate(merged, Y.encodeStateVector(doc));
      expect(inspectUpdate(merged).kind).toBe('sound');
      Y.applyUpdate(new Y.Doc(), merged);
    }
    expect(passed).toBeGreaterThan(50);
  });

  it.each([
    ['no bytes', []],
    ['a cut update', [1, 1, 5, 0]],
    ['left-over bytes', [0, 0, 0]],
    ['more structs than bytes', [1, 255, 255, 255, 127, 5, 0]],
    ['a struct of no length', [1, 1, 5, 0, 0, 0, 0]],
    ['a clock beyond all bounds', [1, 1, 5, 255, 255, 255, 255, 255, 255, 15, 0, 1, 0]],
    ['an unknown content', [1, 1, 5, 0, 31, 0]],
    ['authors out of order', [2, 1, 5, 0, 0, 1, 1, 6, 0, 0, 1, 0]],
    ['an author who comes twice', [2, 1, 5, 0, 0, 1, 1, 5, 0, 0, 1, 0]],
    ['a struct that builds on itself', [1, 1, 5, 0, 132, 5, 0, 1, 97, 0]],
    ['a deletion of nothing', [0, 1, 5, 1, 3, 0]],
  ])('[UP2] refuses %s', (_what, bytes) => {
    expect(inspectUpdate(new Uint8Array(bytes))).toMatchObject({ kind: 'malformed' });
  });
});

describe('KnownClocks', () => {
  it('[SY4] agrees with the state vector of a Y.Doc, in whatever order updates come', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = createSeededRandom(seed);
      const { doc, updates } = randomUpdates(seed);
      const clocks = new KnownClocks();
      const waiting = [...updates, ...updates.slice(0, 5)];
      while (waiting.length > 0) {
        const [update] = waiting.splice(random.below(waiting.length), 1);
        const inspection = inspectUpdate(update ?? new Uint8Array(0));
        if (inspection.kind === 'sound') clocks.add(inspection.ranges);
      }
      expect(Y.decodeStateVector(clocks.encodeStateVector())).toEqual(Y.decodeStateVector(Y.encodeStateVector(doc)));
    }
  });

  it('claims nothing beyond a gap', () => {
    const clocks = new KnownClocks();
    clocks.add([{ client: 1, start: 5, end: 9 }]);
    expect(Y.decodeStateVector(clocks.encodeStateVector()).size).toBe(0);
    clocks.add([{ client: 1, start: 0, end: 3 }]);
    expect(Y.decodeStateVector(clocks.encodeStateVector())).toEqual(new Map([[1, 3]]));
    clocks.add([{ client: 1, start: 2, end: 5 }]);
    expect(Y.decodeStateVector(clocks.encodeStateVector())).toEqual(new Map([[1, 9]]));
  });
});
