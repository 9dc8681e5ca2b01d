import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../../shared/testing/seeded-random.ts';
import { deletionOf, nestedArrays } from '../testing/hostile/deep-structures.ts';
import { inspectUpdate } from './inspect-update.ts';
import { KnownClocks } from './known-clocks.ts';
import { NestedTypes } from './nested-types.ts';

const MAX_LEVELS = 256;

function createNesting() {
  const clocks = new KnownClocks();
  const nesting = new NestedTypes(clocks);
  const rangesOf = (update: Uint8Array) => {
    const inspection = inspectUpdate(update);
    return inspection.kind === 'sound' ? inspection.ranges : [];
  };
  return {
    nesting,
    /** What was judged is stored. */
    commit: (update: Uint8Array) => clocks.add(rangesOf(update)),
    load: async (update: Uint8Array) => {
      await nesting.addSnapshot(update, rangesOf(update));
      clocks.add(rangesOf(update));
    },
  };
}

/** The innermost array of a chain that a document has at `root`. */
function innermost(doc: Y.Doc, root = 'deep'): Y.Array<unknown> {
  let array = doc.getArray<unknown>(root);
  for (let next = array.get(0); next instanceof Y.Array; next = array.get(0)) array = next;
  return array;
}

function edit(doc: Y.Doc, change: () => void): Uint8Array {
  const before = Y.encodeStateVector(doc);
  doc.transact(change);
  return Y.encodeStateAsUpdate(doc, before);
}

function createDoc(clientID: number, ...updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc();
  doc.clientID = clientID;
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc;
}

describe('nested types', () => {
  it('[UP2] may be as deep as the bound, however they are sent', () => {
    const { nesting } = createNesting();
    expect(nesting.judge(nestedArrays({ clientID: 7, depth: MAX_LEVELS }))).toBe('sound');
    expect(nesting.judge(nestedArrays({ clientID: 7, depth: 1, fromClock: MAX_LEVELS }))).toBe('too-deep');
    // What was refused has left nothing behind.
    expect(nesting.judge(nestedArrays({ clientID: 7, depth: 1, fromClock: MAX_LEVELS + 1 }))).toBe('unplaced');
    expect(nesting.judge(nestedArrays({ clientID: 8, depth: MAX_LEVELS + 1 }))).toBe('too-deep');
    expect(nesting.judge(nestedArrays({ clientID: 9, depth: 100_000 }))).toBe('too-deep');
    expect(nesting.judge(deletionOf(7))).toBe('sound');
  });

  it('[UP2] are counted across updates and people, beside texts and inside of values', () => {
    const { nesting } = createNesting();
    const base = nestedArrays({ clientID: 7, depth: MAX_LEVELS - 2 });
    expect(nesting.judge(base)).toBe('sound');
    const ada = createDoc(1, base);
    const text = new Y.Text();
    const typed = edit(ada, () => {
      innermost(ada).insert(0, [text]);
      text.insert(0, 'hello');
    });
    expect(nesting.judge(typed)).toBe('sound');
    const bob = createDoc(2, base, typed);
    const found = innermost(bob).get(0);
    if (!(found instanceof Y.Text)) throw new Error('there is no text');
    // One more level, beside the letters that somebody else has typed.
    const inner = new Y.Map();
    const embedded = edit(bob, () => found.insertEmbed(3, inner));
    expect(nesting.judge(embedded)).toBe('sound');
    expect(nesting.judge(edit(bob, () => inner.set('a', 1)))).toBe('sound');
    expect(nesting.judge(edit(bob, () => inner.set('a', new Y.Text())))).toBe('too-deep');
    expect(nesting.judge(edit(createDoc(3, base), () => bob.getMap('other').set('a', new Y.Map())))).toBe('sound');
  });

  it('[UP2] are not taken before what they are in, in whatever order they come', () => {
    const { nesting } = createNesting();
    const pieces = [0, 100, 200].map((fromClock) => nestedArrays({ clientID: 7, depth: 100, fromClock }));
    const [first = new Uint8Array(), second = new Uint8Array(), third = new Uint8Array()] = pieces;
    expect(nesting.judge(third)).toBe('unplaced');
    expect(nesting.judge(second)).toBe('unplaced');
    expect(nesting.judge(first)).toBe('sound');
    expect(nesting.judge(third)).toBe('unplaced');
    expect(nesting.judge(second)).toBe('sound');
    expect(nesting.judge(third)).toBe('too-deep');
  });

  it('[UP2] cannot hang on letters that come before what those are beside of', () => {
    const { nesting } = createNesting();
    const deep = nestedArrays({ clientID: 7, depth: MAX_LEVELS });
    const ada = createDoc(1, deep);
    const firstLetter = edit(ada, () => innermost(ada).insert(0, ['a']));
    const bob = createDoc(2, deep, firstLetter);
    const secondLetter = edit(bob, () => innermost(bob).insert(1, ['b']));
    const carl = createDoc(3, deep, firstLetter, secondLetter);
    const type = edit(carl, () => innermost(carl).insert(2, [new Y.Array()]));
    // Letters may wait for others; what is nested may not hide behind them.
    expect(nesting.judge(secondLetter)).toBe('sound');
    expect(nesting.judge(type)).toBe('unplaced');
    expect(nesting.judge(deep)).toBe('sound');
    expect(nesting.judge(firstLetter)).toBe('sound');
    expect(nesting.judge(type)).toBe('too-deep');
  });

  it('[UP2] cannot come again deeper, before or after they were stored', () => {
    for (const isStored of [false, true]) {
      const { nesting, commit } = createNesting();
      const deep = nestedArrays({ clientID: 7, depth: MAX_LEVELS - 1 });
      const ada = createDoc(1, deep);
      const [shallow, forged] = [createDoc(5), createDoc(5, deep)];
      const honest = edit(shallow, () => shallow.getArray('top').insert(0, [new Y.Array()]));
      const lie = edit(forged, () => innermost(forged).insert(0, [new Y.Array()]));
      for (const update of [deep, honest]) {
        expect(nesting.judge(update)).toBe('sound');
        if (isStored) commit(update);
      }
      expect(nesting.judge(lie)).toBe('contradictory');
      // The same again says nothing new.
      expect(nesting.judge(honest)).toBe('sound');
      expect(nesting.judge(Y.encodeStateAsUpdate(ada))).toBe('sound');
    }
  });

  it('[UP2] do not come back once they were collected as garbage', async () => {
    const { nesting, load } = createNesting();
    const chain = nestedArrays({ clientID: 7, depth: 3 });
    await load(Y.encodeStateAsUpdate(createDoc(1, chain, deletionOf(7))));
    expect(nesting.judge(chain)).toBe('repeated');
    // Who has not heard of the deletion goes on in what is deleted.
    const late = createDoc(2, chain);
    expect(nesting.judge(edit(late, () => innermost(late).insert(0, [new Y.Map()])))).toBe('sound');
  });

  it('[UP2] that are stored count, however deep they are', async () => {
    const { nesting, load } = createNesting();
    const waiting = nestedArrays({ clientID: 9, depth: 2, fromClock: 5 });
    const stored = Y.mergeUpdates([nestedArrays({ clientID: 7, depth: 1_000 }), waiting]);
    await load(stored);
    expect(nesting.judge(nestedArrays({ clientID: 7, depth: 1, fromClock: 1_000 }))).toBe('too-deep');
    expect(nesting.judge(nestedArrays({ clientID: 8, depth: MAX_LEVELS }))).toBe('sound');
    // Everybody sends it again, with whatever else they have.
    const doc = createDoc(1, stored);
    doc.getText('content').insert(0, 'hello');
    expect(nesting.judge(Y.encodeStateAsUpdate(doc))).toBe('sound');
  });

  it('[UP2] may contradict each other in what is stored, which makes none of them less deep', () => {
    const { nesting } = createNesting();
    const deep = nestedArrays({ clientID: 7, depth: 200 });
    const [shallow, forged] = [createDoc(5), createDoc(5, deep)];
    nesting.add(deep);
    nesting.add(edit(shallow, () => shallow.getArray('top').insert(0, [new Y.Array()])));
    nesting.add(edit(forged, () => innermost(forged).insert(0, [new Y.Array()])));
    const within = edit(shallow, () => {
      let array = innermost(shallow, 'top');
      for (let level = 0; level < 60; level++) {
        const next = new Y.Array<unknown>();
        array.insert(0, [next]);
        array = next;
      }
    });
    expect(nesting.judge(within)).toBe('too-deep');
  });

  it('cost no more than what is sent, whatever came before', () => {
    const { nesting, commit } = createNesting();
    const shreds = shred(7, 100_000);
    expect(nesting.judge(shreds)).toBe('sound');
    commit(shreds);
    const over = deletedRange(7, 200_000);
    const startMs = performance.now();
    for (let time = 0; time < 2_000; time++) expect(nesting.judge(over)).toBe('unplaced');
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  it('agree with a Y.Doc, in whatever order updates come and come again', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = createSeededRandom(seed);
      const updates = randomUpdates(random);
      const { nesting, commit } = createNesting();
      const arrived = createDoc(99);
      const waiting = [...updates, ...updates.filter(() => random.chance(0.3))];
      for (let round = 0; waiting.length > 0 && round < 10_000; round++) {
        const [update = new Uint8Array()] = waiting.splice(random.below(Math.min(waiting.length, 6)), 1);
        const verdict = nesting.judge(update);
        expect(['sound', 'unplaced']).toContain(verdict);
        if (verdict === 'unplaced') waiting.push(update);
        else {
          Y.applyUpdate(arrived, update);
          if (random.chance(0.7)) commit(update);
        }
      }
      expect(waiting).toEqual([]);
      for (const { id, levels } of typesOf(arrived)) {
        const room = MAX_LEVELS - levels;
        for (const [depth, expected] of [
          [room, 'sound'],
          [room + 1, 'too-deep'],
        ] as const)
          expect(nesting.judge(nestedArrays({ clientID: 1_000 * id.client + id.clock, depth, inside: id }))).toBe(
            expected,
          );
      }
    }
  });
});

/** Deleted letters, every other one of which is missing. */
function shred(clientID: number, count: number): Uint8Array {
  return encoding.encode((encoder) => {
    for (const number of [1, 2 * count, clientID, 1]) encoding.writeVarUint(encoder, number);
    for (let index = 0; index < count; index++) {
      // A skip of one, which Yjs writes for what is missing, and garbage of one.
      for (const number of [10, 1, 0, 1]) encoding.writeVarUint(encoder, number);
    }
    encoding.writeVarUint(encoder, 0);
  });
}

/** As many deleted letters as one struct, at the top of a document. */
function deletedRange(clientID: number, length: number): Uint8Array {
  return encoding.encode((encoder) => {
    for (const number of [1, 1, clientID, 0, 1, 1]) encoding.writeVarUint(encoder, number);
    encoding.writeVarString(encoder, 'content');
    for (const number of [length, 0]) encoding.writeVarUint(encoder, number);
  });
}

function randomUpdates(random: SeededRandom): Uint8Array[] {
  const docs = [1, 2, 3].map((clientID) => Object.assign(new Y.Doc({ gc: false }), { clientID }));
  const updates: Uint8Array[] = [];
  for (const doc of docs)
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'remote') updates.push(update);
    });
  for (let step = 0; step < 60; step++) {
    const doc = random.pick(docs);
    if (random.chance(0.3)) Y.applyUpdate(doc, Y.encodeStateAsUpdate(random.pick(docs)), 'remote');
    else editSomewhere(random, doc);
  }
  return updates;
}

function editSomewhere(random: SeededRandom, doc: Y.Doc): void {
  let place: Y.Array<unknown> | Y.Map<unknown> = random.chance(0.5) ? doc.getArray('array') : doc.getMap('map');
  for (;;) {
    const values: unknown[] = place instanceof Y.Array ? place.toArray() : [...place.values()];
    const inner = values.filter((value) => value instanceof Y.Array || value instanceof Y.Map);
    if (inner.length === 0 || random.chance(0.2)) break;
    place = random.pick(inner);
  }
  const value = random.pick([() => new Y.Array(), () => new Y.Map(), () => 'x', () => new Y.Text('text')])();
  if (place instanceof Y.Map) place.set(`k${random.below(3)}`, value);
  else if (place.length > 0 && random.chance(0.2)) place.delete(random.below(place.length), 1);
  else place.insert(random.below(place.length + 1), [value]);
}

/** The types of a document that are not deleted, with how many types each is in, itself counted. */
function typesOf(doc: Y.Doc): { readonly id: Y.ID; readonly levels: number }[] {
  const found: { readonly id: Y.ID; readonly levels: number }[] = [];
  const visit = (type: unknown, levels: number): void => {
    if (!(type instanceof Y.AbstractType)) return;
    const { _item: item } = type;
    if (item) found.push({ id: item.id, levels });
    if (type instanceof Y.Array) for (const value of type.toArray()) visit(value, levels + 1);
    if (type instanceof Y.Map) for (const value of type.values()) visit(value, levels + 1);
  };
  visit(doc.getArray('array'), 0);
  visit(doc.getMap('map'), 0);
  return found;
}
