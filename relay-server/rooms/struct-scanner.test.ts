import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../../shared/testing/seeded-random.ts';
import { nestedLists } from '../testing/hostile/deep-structures.ts';
import { StructScanner } from './struct-scanner.ts';

function describeByYjs(update: Uint8Array): string[] {
  return Y.decodeUpdate(update).structs.flatMap((struct) => {
    if (struct instanceof Y.Skip) return [];
    const { id, length } = struct;
    const range = `${id.client} ${id.clock}-${id.clock + length}`;
    if (!(struct instanceof Y.Item)) return [`${range} nowhere`];
    const beside = struct.origin ?? struct.rightOrigin;
    const inside = struct.parent instanceof Y.ID ? struct.parent : undefined;
    const place = beside
      ? `beside ${beside.client} ${beside.clock}`
      : inside
        ? `inside ${inside.client} ${inside.clock}`
        : 'top';
    return [`${range} ${place}${struct.content instanceof Y.ContentType ? ' type' : ''}`];
  });
}

function describeByScanner(update: Uint8Array): string[] {
  const scanner = new StructScanner(update);
  const lines: string[] = [];
  while (scanner.next()) {
    const { client, start, end, anchor, anchorClient, anchorClock, isType } = scanner;
    const place = anchor === 'top' || anchor === 'nowhere' ? anchor : `${anchor} ${anchorClient} ${anchorClock}`;
    lines.push(`${client} ${start}-${end} ${place}${isType ? ' type' : ''}`);
  }
  return lines;
}

const VALUES = [undefined, null, true, false, 1, -(2 ** 40), 0.5, 1e300, 2n ** 60n, 'é🙂', new Uint8Array([1, 2])];

function anyValue(random: SeededRandom): unknown {
  return VALUES[random.below(VALUES.length)];
}

function editOnce(random: SeededRandom, doc: Y.Doc): void {
  const [text, map, array] = [doc.getText('text'), doc.getMap<unknown>('map'), doc.getArray<unknown>('array')];
  const xml = doc.getXmlFragment('xml');
  const key = `k${random.below(3)}`;
  const edits = [
    () => text.insert(random.below(text.length + 1), random.pick(['a', 'é漢', '🙂 and more'])),
    () => text.length > 0 && text.delete(random.below(text.length), 1),
    () => text.insertEmbed(random.below(text.length + 1), { picture: nestedLists(3) }),
    () => text.format(0, text.length, { bold: random.pick([true, null]) }),
    () => map.set(key, random.chance(0.3) ? { deep: VALUES, empty: {} } : anyValue(random)),
    () => map.set(key, new Y.Doc({ guid: 'other', meta: { a: 1 } })),
    () => map.set(key, random.pick([new Y.Map([['inner', new Y.Text('🙂')]]), new Y.XmlHook('hook')])),
    () => array.insert(random.below(array.length + 1), [{ value: anyValue(random) }, new Y.Array()]),
    () => array.length > 0 && array.delete(random.below(array.length), 1),
    () => xml.insert(random.below(xml.length + 1), [new Y.XmlElement('p'), new Y.XmlText('x')]),
    () => {
      const inner = xml.get(0);
      if (inner instanceof Y.XmlElement) inner.insert(0, [new Y.XmlElement('span')]);
    },
  ];
  random.pick(edits)();
}

describe('StructScanner', () => {
  it('says of every struct what Yjs says', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = createSeededRandom(seed);
      const docs = [1, 2, 3].map((clientID) => Object.assign(new Y.Doc({ gc: seed % 2 === 0 }), { clientID }));
      const updates: Uint8Array[] = [];
      for (const doc of docs) doc.on('update', (update: Uint8Array) => updates.push(update));
      for (let step = 0; step < 80; step++) {
        const doc = random.pick(docs);
        if (random.chance(0.2)) Y.applyUpdate(doc, Y.encodeStateAsUpdate(random.pick(docs)));
        else editOnce(random, doc);
      }
      const gapped = Y.mergeUpdates(updates.filter((_update, index) => index % 3 > 0));
      for (const update of [...updates, gapped, ...docs.map((doc) => Y.encodeStateAsUpdate(doc))])
        expect(describeByScanner(update)).toEqual(describeByYjs(update));
    }
  });

  it('knows texts of JSON, which old versions of Yjs wrote', () => {
    // Content 2: two texts at the top, of the author 5.
    const update = new Uint8Array([1, 2, 5, 0, 2, 1, 1, 97, 2, 3, 123, 125, 32, 1, 49, 132, 5, 1, 1, 98, 0]);
    expect(describeByScanner(update)).toEqual(describeByYjs(update));
    expect(describeByScanner(update)).toHaveLength(2);
  });

  it('throws for what is none', () => {
    for (const bytes of [[], [1], [1, 1, 5, 0, 31], [1, 1, 5, 0, 8, 1, 1, 97, 1, 99]]) {
      expect(() => {
        const scanner = new StructScanner(new Uint8Array(bytes));
        while (scanner.next());
      }).toThrow();
    }
  });
});
