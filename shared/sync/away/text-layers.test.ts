import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { createSeededRandom } from '../../testing/seeded-random.ts';
import { applyTextEdits, type TextEdit } from '../../workspace/index.ts';
import { allBy, byUnacked, ChangeRecord, type Writer } from './attribution.ts';
import type { AwaySide } from './away-summary.ts';
import { TextLayers } from './text-layers.ts';

const SIDES: readonly AwaySide[] = ['theirs', 'mine'];

function createDoc(): Y.Doc {
  const doc = new Y.Doc();
  onTestFinished(() => doc.destroy());
  return doc;
}

/** A text of which is noted who changes what in it. */
class NotedText {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly record = new ChangeRecord();
  private readonly before: TextLayers;

  constructor(base: string, doc = createDoc()) {
    this.doc = doc;
    this.text = doc.getText('content');
    this.text.insert(0, base);
    this.before = TextLayers.of(this.text);
    doc.on('afterTransaction', (transaction: Y.Transaction) => {
      const writer = (['base', ...SIDES] as const).find((known) => known === transaction.origin);
      if (writer) this.record.add(transaction, writer);
    });
  }

  get layers(): TextLayers {
    return this.before.advance(this.text, this.record);
  }

  /** Replaces what is at an offset. */
  edit(writer: Writer, offset: number, length: number, insert = ''): this {
    this.doc.transact(() => {
      this.text.delete(offset, length);
      this.text.insert(offset, insert);
    }, writer);
    return this;
  }

  /** Replaces the first of such words. */
  replace(writer: Writer, word: string, insert: string): this {
    return this.edit(writer, this.text.toString().indexOf(word), word.length, insert);
  }
}

describe('the layers of a text', () => {
  it('tell the text of each side, and of both', () => {
    const { layers } = new NotedText('one\ntwo\nthree\n').replace('mine', 'two', 'TWO').edit('theirs', 14, 0, 'four\n');
    expect(layers.base).toBe('one\ntwo\nthree\n');
    expect(layers.only('mine')).toBe('one\nTWO\nthree\n');
    expect(layers.only('theirs')).toBe('one\ntwo\nthree\nfour\n');
    expect(layers.merged).toBe('one\nTWO\nthree\nfour\n');
    expect(layers.sizeOf('theirs')).toEqual({ inserted: 5, deleted: 0 });
    expect(layers.sizeOf('mine')).toEqual({ inserted: 3, deleted: 3 });
  });

  it('forget what somebody wrote and deleted again', () => {
    const noted = new NotedText('ab');
    const encoded = noted.layers.encode();
    noted.edit('theirs', 0, 0, 'x').edit('theirs', 0, 1);
    expect(noted.layers.isChangedBy('theirs')).toBe(false);
    expect(noted.layers.encode()).toBe(encoded);
  });

  it('know what one side wrote and the other deleted', () => {
    const { layers } = new NotedText('ab\n').edit('mine', 1, 0, 'mine').edit('theirs', 1, 4);
    expect(layers.merged).toBe('ab\n');
    expect(layers.only('mine')).toBe('amineb\n');
    expect(applyTextEdits(layers.merged, layers.editsWithout('theirs'))).toBe('amineb\n');
    expect(applyTextEdits(layers.merged, layers.editsWithout('mine'))).toBe('ab\n');
    expect(layers.findOverlaps()).toHaveLength(1);
  });

  it('tell what both deleted: neither side brings it back alone', () => {
    const noted = new NotedText('abcd\n');
    const other = createDoc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(noted.doc));
    noted.edit('mine', 1, 2);
    other.getText('content').delete(2, 1);
    const update = Y.encodeStateAsUpdate(other, Y.encodeStateVector(noted.doc));
    Y.applyUpdate(noted.doc, update, 'theirs');
    noted.record.addDeletions(update);
    const { layers } = noted;
    expect([layers.only('theirs'), layers.only('mine')]).toEqual(['abd\n', 'ad\n']);
    expect(applyTextEdits(layers.merged, layers.editsWithout('mine'))).toBe('abd\n');
    expect(applyTextEdits(layers.merged, layers.editsWithout('theirs'))).toBe('ad\n');
    const undone = TextLayers.decode(layers.encode()).undoing('mine', noted.edit('base', 1, 0, 'b').text);
    expect([undone.current, undone.merged, undone.settled().only('theirs')]).toEqual(['abd\n', 'ad\n', 'abd\n']);
    expect(applyTextEdits('abd\n', undone.editsRestoring())).toBe('ad\n');
  });

  it('of what is found at a start are of self where the relay has not acked it, or where nothing else can be', () => {
    const noted = new NotedText('ab\n');
    const before = noted.layers;
    const own = createDoc();
    Y.applyUpdate(own, Y.encodeStateAsUpdate(noted.doc));
    const known = Y.encodeStateVector(own);
    own.getText('content').insert(1, 'mine');
    own.getText('content').delete(5, 1);
    const unacked = Y.encodeStateAsUpdate(own, known);
    noted.text.insert(3, 'theirs\n');
    Y.applyUpdate(noted.doc, unacked);
    const layers = before.advance(noted.text, byUnacked([unacked, new Uint8Array([255])]));
    expect([layers.only('mine'), layers.only('theirs')]).toEqual(['amine\n', 'ab\ntheirs\n']);
    expect(before.advance(noted.text, allBy('mine')).only('theirs')).toBe('ab\n');
  });

  it('refuse damaged encodings', () => {
    const piece = (value: string) => `{"clients":[1],"pieces":[${value}]}`;
    expect(TextLayers.decode(piece('["a",0,0,"mine","theirs"]')).only('mine')).toBe('a');
    for (const damaged of ['{}', '[["a","mine",""]]', '3', 'null', '{"clients":[1],"pieces":[],"undone":"who"}'])
      expect(() => TextLayers.decode(damaged)).toThrow(TypeError);
    for (const damaged of ['["a",0,0,"who"]', '["a",0,0,"mine","who"]', '[1,0,0]', '["a",1,0]', '["a",0]', '"a"'])
      expect(() => TextLayers.decode(piece(damaged))).toThrow(TypeError);
  });

  it.each([
    ['one\ntwo\n', ['one', 'ONE'], ['two', 'TWO'], []],
    ['a b c\nd\n', ['a', 'A'], ['c', 'C'], ['A b C']],
    ['x\n', ['x\n', 'x\nmine\n'], ['mine\n', 'mine\ntheirs\n'], ['x\nmine\ntheirs\n']],
    ['x\ny\nz\n', ['x', 'mine'], ['z', 'theirs'], []],
    ['one two\n', [' two', ''], ['one', 'ONE'], ['ONE']],
  ] as const)(
    'of %j, where %j and %j were replaced, mark what lies on one line',
    (base, [mine, byMe], [theirs, byOthers], expected) => {
      const { layers } = new NotedText(base).replace('mine', mine, byMe).replace('theirs', theirs, byOthers);
      expect(layers.findOverlaps().map(({ start, end }) => layers.merged.slice(start, end))).toEqual(expected);
    },
  );

  it('of two absences are those of one', () => {
    const noted = new NotedText('a\nb\nc\n').replace('mine', 'b', 'b mine').replace('theirs', 'a', 'a theirs');
    const first = noted.layers;
    noted.replace('base', 'c\n', 'online\nc\n');
    const later = new NotedText('', noted.doc).replace('theirs', 'c\n', 'c late\n');
    const second = later.layers.after(first, later.text);
    expect(second.base).toBe('a\nb\nonline\nc\n');
    expect(second.only('mine')).toBe('a\nb mine\nonline\nc\n');
    expect(second.only('theirs')).toBe('a theirs\nb\nonline\nc late\n');
    expect(second.merged).toBe('a theirs\nb mine\nonline\nc late\n');
  });

  it.each([1, 2, 3, 4])('hold for random changes of both, seed %i', (seed) => {
    const random = createSeededRandom(seed);
    for (let round = 0; round < 50; round++) {
      const base = Array.from({ length: random.below(8) }, (_, line) => `line ${line}\n`).join('');
      const noted = new NotedText(base);
      let { layers } = noted;
      for (let change = 0; change < 30; change++) {
        const side = random.pick(SIDES);
        const at = random.below(noted.text.length + 1);
        const deleted = random.chance(0.5) ? Math.min(random.below(4), noted.text.length - at) : 0;
        const [marker] = side;
        noted.edit(side, at, deleted, deleted > 0 ? '' : random.chance(0.2) ? `<${marker}>\n` : `<${marker}>`);
        if (random.chance(0.3)) ({ layers } = noted);
      }
      ({ layers } = noted);
      expect([layers.merged, layers.base]).toEqual([noted.text.toString(), base]);
      expect(TextLayers.decode(layers.encode()).encode()).toBe(layers.encode());
      expect(layers.only('mine')).not.toContain('<t');
      expect(layers.only('theirs')).not.toContain('<m');
      for (const [side, other] of [SIDES, SIDES.toReversed()]) {
        if (side && other) expectUndo(noted, layers, side, other, random.below(layers.merged.length + 1));
      }
    }
  });
});

/** What is typed after the merge outlives that one side is taken back, and brought back. */
function expectUndo(noted: NotedText, layers: TextLayers, side: AwaySide, other: AwaySide, at: number): void {
  expect(applyTextEdits(layers.merged, layers.editsWithout(side))).toBe(layers.only(other));
  const doc = createDoc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(noted.doc));
  const text = doc.getText('content');
  text.insert(at, 'ÄÖÜ');
  const followed = layers.follow(text);
  expect(followed.current).toBe(text.toString());
  change(text, followed.editsWithout(side));
  expect(text.toString().replace('ÄÖÜ', '')).toBe(layers.only(other));
  const undone = followed.undoing(side, text);
  expect(undone.current).toBe(text.toString());
  text.insert(text.length, 'ß');
  const later = undone.follow(text);
  change(text, later.editsRestoring());
  expect(text.toString().replace('ÄÖÜ', '')).toBe(`${layers.merged}ß`);
  expect(later.undoing(undefined, text).follow(text).current).toBe(text.toString());
}

function change(text: Y.Text, edits: readonly TextEdit[]): void {
  for (const { offset, deleteLength, insert } of edits.toReversed()) {
    text.delete(offset, deleteLength);
    text.insert(offset, insert);
  }
}
