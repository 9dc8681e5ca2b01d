import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { readFuzzOptions } from '../testing/fuzz-options.ts';
import { createSeededRandom, type SeededRandom } from '../testing/seeded-random.ts';
import { joinRuns } from './join-runs.ts';
import { mergeUpdates } from './merge-updates.ts';
import { countStructs } from './split-update.ts';

const { seeds, operations } = readFuzzOptions({ seedCount: 40, operations: 120 });

function recordUpdates(doc: Y.Doc): Uint8Array[] {
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'other') updates.push(update);
  });
  return updates;
}

function type(text: Y.Text, at: number, word: string): void {
  let end = at;
  for (const key of word) {
    text.insert(end, key);
    end += key.length;
  }
}

function deltaOf(text: Y.Text): unknown {
  return text.toDelta();
}

function namesOf(files: Y.Map<unknown>): Readonly<Record<string, unknown>> {
  const entries = [...files].map(([key, value]): [string, unknown] => {
    if (value instanceof Y.Doc) return [key, value.guid];
    return [key, value instanceof Y.Text ? deltaOf(value) : value];
  });
  return Object.fromEntries(entries);
}

/** Everything that a document says, whatever pieces it is kept in. */
function describeDocument(doc: Y.Doc) {
  return {
    content: deltaOf(doc.getText('content')),
    files: namesOf(doc.getMap<unknown>('files')),
    list: doc.getArray('list').toJSON(),
    state: Y.encodeStateVector(doc),
    update: joinRuns(Y.encodeStateAsUpdate(doc)),
    isWaiting: doc.store.pendingStructs !== null,
  };
}

function applyAll(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  // Yjs lets some wait for good that it heard in an unlucky order, whoever merged them: it is told again.
  if (doc.store.pendingStructs) for (const update of updates) Y.applyUpdate(doc, update);
  return doc;
}

/** Where each person stopped. */
const carets = new WeakMap<Y.Text, number>();

function typeAt(random: SeededRandom, text: Y.Text): void {
  let at = random.chance(0.7) ? Math.min(carets.get(text) ?? 0, text.length) : random.below(text.length + 1);
  for (const key of random.pick(['word', '😀🎉x', 'é\n', 'a👩‍👩‍👧b', 'a'])) {
    text.insert(at, key);
    at += key.length;
  }
  carets.set(text, at);
}

function editText(random: SeededRandom, text: Y.Text): void {
  const [length, kind] = [text.length, random.below(10)];
  if (kind < 5 || length < 6) typeAt(random, text);
  else if (kind < 7) for (let keys = 1 + random.below(4); keys > 0; keys--) text.delete(text.length - keys, 1);
  else if (kind === 7) text.delete(random.below(length - 4), 1 + random.below(4));
  else if (kind === 8) text.format(random.below(length - 4), 3, { bold: random.chance(0.5) ? true : null });
  else text.insertEmbed(random.below(length), { image: kind });
}

function editOthers(random: SeededRandom, doc: Y.Doc): void {
  const files = doc.getMap<unknown>('files');
  const list = doc.getArray<unknown>('list');
  const key = `f${random.below(3)}`;
  const nested = files.get(key);
  const kind = random.below(7);
  if (kind === 0) files.set(key, new Y.Text('nested'));
  else if (kind === 1) files.set(key, random.below(9));
  else if (kind === 2) files.delete(key);
  else if (kind === 3) list.push([random.below(9)]);
  else if (kind === 4 && list.length > 1) list.delete(0, 2);
  else if (kind === 5) files.set(key, new Y.Doc({ guid: `sub-${random.below(9)}` }));
  else if (nested instanceof Y.Text) typeAt(random, nested);
}

function edit(random: SeededRandom, doc: Y.Doc): void {
  const change = () => (random.chance(0.8) ? editText(random, doc.getText('content')) : editOthers(random, doc));
  if (random.chance(0.15)) doc.transact(change);
  else change();
}

/** What a few people wrote, each edit by itself; they hear of each other now and then. */
function writeTogether(random: SeededRandom): readonly (readonly Uint8Array[])[] {
  const docs = [1, 2, 3].map((clientID) => Object.assign(new Y.Doc(), { clientID }));
  const logs = docs.map(recordUpdates);
  for (let step = 0; step < operations; step++) {
    const doc = random.pick(docs);
    edit(random, doc);
    if (random.chance(0.15)) Y.applyUpdate(random.pick(docs), Y.encodeStateAsUpdate(doc), 'other');
  }
  return logs;
}

function shuffle<T>(random: SeededRandom, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function mergeSome(random: SeededRandom, log: readonly Uint8Array[]): Uint8Array[] {
  const merged: Uint8Array[] = [];
  for (let start = 0; start < log.length;) {
    const group = log.slice(start, (start += 1 + random.below(90)));
    merged.push(mergeUpdates(group));
  }
  return merged;
}

function idsOf(updates: readonly Uint8Array[]): string[] {
  const ids = new Set<string>();
  for (const update of updates) {
    const { structs, ds } = Y.decodeUpdate(update);
    for (const { id, length } of structs.filter((struct) => !(struct instanceof Y.Skip)))
      for (let clock = id.clock; clock < id.clock + length; clock++) ids.add(`${id.client} ${clock}`);
    for (const [client, ranges] of ds.clients)
      for (const { clock, len } of ranges) for (let at = clock; at < clock + len; at++) ids.add(`-${client} ${at}`);
  }
  return [...ids].toSorted();
}

describe('joinRuns', () => {
  it('makes one struct of a word of one key an update', () => {
    const doc = new Y.Doc();
    const updates = recordUpdates(doc);
    type(doc.getText('content'), 0, 'merged 😀🎉 runs');
    const merged = mergeUpdates(updates);
    expect([countStructs(merged), countStructs(Y.mergeUpdates(updates))]).toEqual([1, updates.length]);
    expect(merged).toEqual(Y.encodeStateAsUpdate(doc));
  });

  it('leaves alone what cannot be joined, byte for byte', () => {
    const doc = new Y.Doc();
    doc.getText('content').insert(0, 'whole');
    doc.getText('content').insertEmbed(5, { image: 1 });
    doc.getMap('files').set('a', new Y.Doc());
    doc.getMap('files').set('a', 'text');
    doc.getMap('files').set('a', 'another');
    doc.getArray('list').push(['text', new Y.Text('nested')]);
    const update = Y.encodeStateAsUpdate(doc);
    expect(joinRuns(update)).toBe(update);
  });

  it('keeps apart what was written at other places, and what others wrote between', () => {
    const [mine, other] = [new Y.Doc(), new Y.Doc()];
    const updates = recordUpdates(mine);
    type(mine.getText('content'), 0, 'ac');
    Y.applyUpdate(other, Y.encodeStateAsUpdate(mine));
    other.getText('content').insert(1, 'b');
    Y.applyUpdate(mine, Y.encodeStateAsUpdate(other), 'other');
    type(mine.getText('content'), 0, 'start ');
    type(mine.getText('content'), mine.getText('content').length, ' end');
    const merged = mergeUpdates(updates);
    expect(countStructs(merged)).toBe(3);
    Y.applyUpdate(other, merged);
    expect(other.getText('content').toJSON()).toBe('start abc end');
  });

  it('joins what was deleted, and its deletions', () => {
    const doc = new Y.Doc();
    const updates = recordUpdates(doc);
    const text = doc.getText('content');
    type(text, 0, 'abcdef');
    for (let at = 5; at >= 2; at--) text.delete(at, 1);
    const { structs, ds } = Y.decodeUpdate(mergeUpdates(updates));
    expect([structs.length, [...ds.clients.values()].map((ranges) => ranges.length)]).toEqual([1, [1]]);
    const gone = Y.mergeUpdates([Y.encodeStateAsUpdate(doc)]);
    expect(joinRuns(gone)).toEqual(gone);
  });

  it.each(seeds)('says what the updates said, in whatever order it is heard (seed %i)', (seed) => {
    const random = createSeededRandom(seed);
    const logs = writeTogether(random);
    const whole = describeDocument(applyAll(shuffle(random, logs.flat())));
    expect(whole.isWaiting).toBe(false);
    const merged = logs.flatMap((log) => mergeSome(random, log));
    expect(idsOf(merged)).toEqual(idsOf(logs.flat()));
    expect(describeDocument(applyAll(shuffle(random, merged)))).toEqual(whole);
    // Some of it is known from an earlier connection.
    const known = logs.flat().filter(() => random.chance(0.3));
    const again = applyAll([...shuffle(random, known), ...shuffle(random, merged)]);
    expect(describeDocument(again)).toEqual(whole);
    const late = applyAll(shuffle(random, [...merged, ...known, mergeUpdates(merged)]));
    expect(describeDocument(late)).toEqual(whole);
  });
});
