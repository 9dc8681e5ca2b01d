import { describe, expect, it } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../../testing/seeded-random.ts';
import { applyTextEdits, rebaseEdits } from '../../workspace/index.ts';
import type { AwaySide } from './away-summary.ts';
import { TextLayers, type TextStep } from './text-layers.ts';

const SIDES: readonly AwaySide[] = ['theirs', 'mine'];

function without(layers: TextLayers, side: AwaySide, now = layers.merged): string {
  return applyTextEdits(now, rebaseEdits(layers.merged, now, layers.editsWithout(side)));
}

function overlapTexts(layers: TextLayers): readonly string[] {
  return layers.findOverlaps().map(({ start, end }) => layers.merged.slice(start, end));
}

function randomSteps(random: SeededRandom, length: number, marker: string): TextStep[] {
  const at = random.below(length + 1);
  const steps: TextStep[] = at > 0 ? [{ kind: 'retain', length: at }] : [];
  const deleted = Math.min(random.below(4), length - at);
  if (random.chance(0.5) && deleted > 0) steps.push({ kind: 'delete', length: deleted });
  else steps.push({ kind: 'insert', text: random.chance(0.2) ? `${marker}\n` : marker });
  return steps;
}

/** What `steps` make of a text. */
function applySteps(text: string, steps: readonly TextStep[]): string {
  let [result, position] = ['', 0];
  for (const step of steps) {
    if (step.kind === 'insert') result += step.text;
    else {
      if (step.kind === 'retain') result += text.slice(position, position + step.length);
      position += step.length;
    }
  }
  return result + text.slice(position);
}

describe('the layers of a text', () => {
  it('tell the text of each side, and of both', () => {
    const layers = TextLayers.between('one\ntwo\nthree\n', 'one\nTWO\nthree\n', 'one\nTWO\nthree\nfour\n');
    expect(layers.base).toBe('one\ntwo\nthree\n');
    expect(layers.only('mine')).toBe('one\nTWO\nthree\n');
    expect(layers.only('theirs')).toBe('one\ntwo\nthree\nfour\n');
    expect(layers.merged).toBe('one\nTWO\nthree\nfour\n');
    expect(layers.sizeOf('theirs')).toEqual({ inserted: 5, deleted: 0 });
    expect(layers.sizeOf('mine')).toEqual({ inserted: 3, deleted: 3 });
  });

  it('forget what somebody wrote and deleted again', () => {
    const layers = TextLayers.of('ab')
      .apply([{ kind: 'insert', text: 'x' }], 'theirs')
      .apply([{ kind: 'delete', length: 1 }], 'theirs');
    expect(layers.isChangedBy('theirs')).toBe(false);
    expect(layers.encode()).toBe(TextLayers.of('ab').encode());
  });

  it('know what one side wrote and the other deleted', () => {
    const layers = TextLayers.of('ab\n')
      .apply(
        [
          { kind: 'retain', length: 1 },
          { kind: 'insert', text: 'mine' },
        ],
        'mine',
      )
      .apply(
        [
          { kind: 'retain', length: 1 },
          { kind: 'delete', length: 4 },
        ],
        'theirs',
      );
    expect(layers.merged).toBe('ab\n');
    expect(layers.only('mine')).toBe('amineb\n');
    expect(without(layers, 'theirs')).toBe('amineb\n');
    expect(without(layers, 'mine')).toBe('ab\n');
    expect(layers.findOverlaps()).toHaveLength(1);
  });

  it('refuse changes that reach beyond the text, and damaged encodings', () => {
    expect(() => TextLayers.of('ab').apply([{ kind: 'delete', length: 3 }], 'mine')).toThrow(RangeError);
    for (const damaged of ['{}', '[["a","who",""]]', '[["a","mine","who"]]', '[[1,"mine",""]]', '["a"]'])
      expect(() => TextLayers.decode(damaged)).toThrow(TypeError);
  });

  it.each([
    ['one\ntwo\n', 'ONE\ntwo\n', 'ONE\nTWO\n', []],
    ['a b c\nd\n', 'A b c\nd\n', 'A b C\nd\n', ['A b C']],
    ['x\n', 'x\nmine\n', 'x\nmine\ntheirs\n', ['mine\ntheirs\n']],
    ['x\ny\n', 'x\nmine\ny\n', 'x\nmine\ny\ntheirs\n', []],
    ['one two\n', 'one\n', 'ONE\n', ['ONE']],
  ])('from %j by %j to %j mark what lies on one line', (base, mine, merged, expected) => {
    expect(overlapTexts(TextLayers.between(base, mine, merged))).toEqual(expected);
  });

  it('of two absences are those of one', () => {
    const first = TextLayers.between('a\nb\nc\n', 'a\nb mine\nc\n', 'a theirs\nb mine\nc\n');
    const between = 'a theirs\nb mine\nonline\nc\n';
    const second = TextLayers.between(between, between, 'a theirs\nb mine\nonline\nc late\n').after(first);
    expect(second.base).toBe('a\nb\nonline\nc\n');
    expect(second.only('mine')).toBe('a\nb mine\nonline\nc\n');
    expect(second.only('theirs')).toBe('a theirs\nb\nonline\nc late\n');
    expect(second.merged).toBe('a theirs\nb mine\nonline\nc late\n');
  });

  it.each([1, 2, 3, 4])('hold for random changes of both, seed %i', (seed) => {
    const random = createSeededRandom(seed);
    for (let round = 0; round < 100; round++) {
      const base = Array.from({ length: random.below(8) }, (_, line) => `line ${line}\n`).join('');
      let layers = TextLayers.of(base);
      let merged = base;
      for (let change = 0; change < 30; change++) {
        const side = random.pick(SIDES);
        const steps = randomSteps(random, merged.length, side === 'mine' ? '<M>' : '<T>');
        merged = applySteps(merged, steps);
        layers = layers.apply(steps, side);
        expect(layers.merged).toBe(merged);
        expect(layers.base).toBe(base);
      }
      expect(TextLayers.decode(layers.encode()).encode()).toBe(layers.encode());
      expect(layers.only('mine')).not.toContain('<T');
      expect(layers.only('theirs')).not.toContain('<M');
      expect(applyTextEdits(merged, layers.editsWithout('theirs'))).toBe(layers.only('mine'));
      expect(applyTextEdits(merged, layers.editsWithout('mine'))).toBe(layers.only('theirs'));
      expectUndoKeeps(layers, random);
      const again = TextLayers.between(base, layers.only('mine'), merged);
      expect([again.base, again.only('mine'), again.merged]).toEqual([base, layers.only('mine'), merged]);
    }
  });
});

/** What is typed after the merge outlives that either side is taken back: as it is, where it is no part of a word. */
function expectUndoKeeps(layers: TextLayers, random: SeededRandom): void {
  const { merged } = layers;
  const typed = 'since then: 0123456789\n';
  const starts = [0, ...[...merged.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const line = random.pick(starts);
  const withLine = `${merged.slice(0, line)}${typed}${merged.slice(line)}`;
  const at = random.below(merged.length + 1);
  const withLetters = `${merged.slice(0, at)}ÄÖÜß${merged.slice(at)}`;
  for (const side of SIDES) {
    expect(without(layers, side, withLine)).toContain(typed.trim());
    expect([...without(layers, side, withLetters)].filter((letter) => 'ÄÖÜß'.includes(letter)).join('')).toBe('ÄÖÜß');
  }
}
