import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../testing/seeded-random.ts';
import { applyTextEdits, diskEdits, rebaseEdits } from './three-way-merge.ts';

function merge(base: string, current: string, disk: string): string {
  return applyTextEdits(current, rebaseEdits(base, current, diskEdits(base, disk)));
}

const PIECES = ['a', 'b', '\n', 'word ', 'line\n', '😀', 'é', '  '];

function randomText(random: SeededRandom, pieces: number): string {
  return Array.from({ length: pieces }, () => random.pick(PIECES)).join('');
}

function mutate(random: SeededRandom, text: string, marker: string): string {
  const points = [...text];
  for (let change = 0; change < 1 + random.below(4); change++) {
    const at = random.below(points.length + 1);
    if (random.chance(0.5)) points.splice(at, random.below(4));
    else points.splice(at, 0, `${marker}${change}`);
  }
  return points.join('');
}

describe('diskEdits', () => {
  it('is minimal inside a line', () => {
    expect(diskEdits('one\ntwo\nthree\n', 'one\ntwo!\nthree\n')).toEqual([{ offset: 7, deleteLength: 0, insert: '!' }]);
  });

  it('does not cut an emoji in two', () => {
    for (const [base, disk] of [
      ['😀', '😁'],
      ['a😀b', 'a😀😀b'],
      ['😀😁', '😁'],
    ] as const) {
      for (const { offset, deleteLength, insert } of diskEdits(base, disk)) {
        expect(base.slice(offset, offset + deleteLength).isWellFormed()).toBe(true);
        expect(insert.isWellFormed()).toBe(true);
      }
    }
  });

  it('takes less than a second for a rewritten file of 120 KB', () => {
    const random = createSeededRandom(5);
    const lines = (seed: string) =>
      Array.from(
        { length: 3000 },
        () => `${seed} ${random.below(1e9).toString(36)} ${random.below(1e9).toString(36)}`,
      ).join('\n');
    const base = lines('before');
    const disk = lines('after');
    const startMs = performance.now();
    expect(applyTextEdits(base, diskEdits(base, disk))).toBe(disk);
    expect(performance.now() - startMs).toBeLessThan(1000);
  });

  it('takes no longer when the clock is set back meanwhile', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const lines = (side: string) => Array.from({ length: 20_000 }, (_unused, line) => `${side} ${line}`).join('\n');
    const [base, disk] = [lines('before'), lines('after')];
    const startMs = performance.now();
    expect(applyTextEdits(base, diskEdits(base, disk))).toBe(disk);
    expect(performance.now() - startMs).toBeLessThan(1000);
  });

  it('turns one text into the other, 2,000 random pairs', () => {
    const random = createSeededRandom(1);
    for (let round = 0; round < 2000; round++) {
      const base = randomText(random, random.below(40));
      const disk = random.chance(0.5) ? mutate(random, base, 'M') : randomText(random, random.below(40));
      expect(applyTextEdits(base, diskEdits(base, disk))).toBe(disk);
    }
  });
});

describe('rebaseEdits', () => {
  it.each([
    ['one\ntwo\n', 'one!\ntwo\n', 'one\ntwo?\n', 'one!\ntwo?\n'],
    ['abc', 'aXbc', 'abYc', 'aXbYc'],
    ['abc', 'abc', 'ac', 'ac'],
    ['abc', 'ac', 'ac', 'ac'],
    ['abcdef', 'abXcdef', 'af', 'aXf'],
    ['ab', 'aXb', 'aYb', 'aXYb'],
    ['', 'mine', 'yours', 'mineyours'],
    ['one\n', 'one\ntwo\n', 'one\ntwo\n', 'one\ntwo\n'],
    ['a = 1\n', 'a = 22\n', 'a = 22\n', 'a = 22\n'],
    ['x\n', 'x\nfunction f() {}\nmore\n', 'x\nfunction f() {}\n', 'x\nfunction f() {}\nmore\n'],
    ['x\n', 'x\nfunction f() {}\n', 'x\nfunction f() {}\nmore\n', 'x\nfunction f() {}\nmore\n'],
    ['call(alpha, beta)', 'call(gamma, beta)', 'call(alpha, delta)', 'call(gamma, delta)'],
    ['let total = 0;', 'let orange = 0;', 'let kiwi = 0;', 'let kiwiorange = 0;'],
  ])('%j, here %j, on disk %j', (base, current, disk, expected) => {
    expect(merge(base, current, disk)).toBe(expected);
  });

  it('keeps what either side inserted, 3,000 random merges', () => {
    const random = createSeededRandom(2);
    for (let round = 0; round < 3000; round++) {
      const base = randomText(random, 1 + random.below(30));
      const current = mutate(random, base, 'HERE');
      const disk = mutate(random, base, 'DISK');
      const merged = merge(base, current, disk);
      expect(merged.isWellFormed()).toBe(true);
      expect(merge(base, base, disk)).toBe(disk);
      expect(merge(base, current, base)).toBe(current);
      for (const [marker, side] of [
        ['HERE', current],
        ['DISK', disk],
      ] as const) {
        for (let change = 0; change < 4; change++) {
          const count = (text: string) => text.split(`${marker}${change}`).length - 1;
          if (count(side) === 1 && side.includes(`${marker}${change}`)) expect(count(merged)).toBe(1);
        }
      }
    }
  });
});
