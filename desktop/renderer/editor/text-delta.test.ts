import { describe, expect, it } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../../../shared/testing/seeded-random.ts';
import {
  composeDeltas,
  positionAfter,
  positionBefore,
  replaceDelta,
  transformDelta,
  type TextDelta,
} from './text-delta.ts';

function apply(text: string, delta: TextDelta): string {
  let result = '';
  let index = 0;
  for (const step of delta) {
    if (step.kind === 'insert') {
      result += step.text;
      continue;
    }
    if (step.kind === 'retain') result += text.slice(index, index + step.length);
    index += step.length;
    expect(index).toBeLessThanOrEqual(text.length);
  }
  return result + text.slice(index);
}

function randomDelta(random: SeededRandom, length: number): TextDelta {
  const first = replaceDelta(random.below(length + 1), 0, 'ab'.slice(0, random.below(3)));
  let delta: TextDelta = first;
  let current = length + apply(' '.repeat(length), first).length - length;
  for (let count = random.below(4); count > 0; count--) {
    const offset = random.below(current + 1);
    const deleted = random.below(Math.min(4, current - offset + 1));
    const inserted = 'XYZ'.slice(0, random.below(4));
    delta = composeDeltas(delta, replaceDelta(offset, deleted, inserted));
    current += inserted.length - deleted;
  }
  return delta;
}

describe('text deltas', () => {
  it('compose to what they do one after the other', () => {
    const random = createSeededRandom(11);
    for (let round = 0; round < 2_000; round++) {
      const text = '0123456789'.slice(0, random.below(11));
      const first = randomDelta(random, text.length);
      const between = apply(text, first);
      const second = randomDelta(random, between.length);
      expect(apply(text, composeDeltas(first, second))).toBe(apply(between, second));
    }
  });

  it('lead to one text whichever of two is transformed against the other', () => {
    const random = createSeededRandom(12);
    for (let round = 0; round < 5_000; round++) {
      const text = '0123456789'.slice(0, random.below(11));
      const a = randomDelta(random, text.length);
      const b = randomDelta(random, text.length);
      const aThenB = apply(apply(text, a), transformDelta(b, a, true));
      const bThenA = apply(apply(text, b), transformDelta(a, b, false));
      expect(aThenB).toBe(bThenA);
    }
  });

  it('map positions there and back', () => {
    const random = createSeededRandom(13);
    for (let round = 0; round < 2_000; round++) {
      const text = '0123456789';
      const delta = randomDelta(random, text.length);
      const after = apply(text, delta);
      for (let position = 0; position < text.length; position++) {
        const mapped = positionAfter(delta, position);
        if (after[mapped] !== text[position]) continue;
        expect(positionBefore(delta, mapped)).toBe(position);
      }
    }
    expect(positionAfter(replaceDelta(3, 0, 'ab'), 3)).toBe(5);
    expect(positionAfter(replaceDelta(3, 2, ''), 4)).toBe(3);
    expect(positionBefore(replaceDelta(3, 0, 'ab'), 4)).toBe(3);
  });
});
