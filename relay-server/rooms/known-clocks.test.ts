import * as Y from 'yjs';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../shared/testing/seeded-random.ts';
import type { ClockRange } from './inspect-update.ts';
import { KnownClocks } from './known-clocks.ts';

const decode = (clocks: KnownClocks) => Y.decodeStateVector(clocks.encodeStateVector());

const clocksOf = (start: number, end: number) => Array.from({ length: end - start }, (_unused, index) => start + index);

/** How many runs a set has in a range from `reached` on. */
function piecesOf(set: ReadonlySet<number>, start: number, end: number, reached: number): number {
  const isThere = (clock: number) => clock >= Math.max(start, reached) && set.has(clock);
  return clocksOf(start, end).filter((clock) => isThere(clock) && !isThere(clock - 1)).length;
}

describe('known clocks', () => {
  it.each([1, 2, 3, 4, 5, 6])('[SY4] agree with plain sets of clocks (seed %i)', (seed) => {
    const random = createSeededRandom(seed);
    const clocks = new KnownClocks();
    const sets = new Map([1, 2].map((client) => [client, new Set<number>()]));
    for (let step = 0; step < 120; step++) {
      const ranges: ClockRange[] = [];
      for (const client of [2, 1]) {
        let at = random.below(80);
        for (let count = random.below(step % 2 === 0 ? 2 : 4); count > 0; count--) {
          const end = at + 1 + random.below(4);
          ranges.push({ client, start: at, end });
          for (let clock = at; clock < end; clock++) sets.get(client)?.add(clock);
          at = end + 1 + random.below(5);
        }
      }
      clocks.add(ranges);
      for (const [client, set] of sets) {
        let reached = 0;
        while (set.has(reached)) reached++;
        expect(decode(clocks).get(client) ?? 0).toBe(reached);
        const asked = { client, start: random.below(90), end: 90 + random.below(20) };
        const lacking = clocks.lackingOf(asked).flatMap(({ start, end }) => clocksOf(start, end));
        expect(lacking).toEqual(clocksOf(asked.start, asked.end).filter((clock) => !set.has(clock)));
        expect(clocks.piecesOf(asked)).toBeGreaterThanOrEqual(piecesOf(set, asked.start, asked.end, reached));
        expect(clocksOf(0, 110).filter((clock) => clocks.has(client, clock))).toEqual([...set].sort((a, b) => a - b));
      }
    }
  });

  it('[SY2] say whether somebody who gets an update has everything', () => {
    const clocks = new KnownClocks();
    clocks.add([
      { client: 9, start: 0, end: 4 },
      { client: 3, start: 0, end: 10 },
    ]);
    expect(clocks.isCoveredBy(new Map([[3, 10]]), [{ client: 9, start: 0, end: 4 }])).toBe(true);
    expect(clocks.isCoveredBy(new Map([[3, 7]]), [{ client: 9, start: 0, end: 4 }])).toBe(false);
    expect(clocks.isCoveredBy(new Map([[9, 2]]), [{ client: 9, start: 3, end: 4 }])).toBe(false);
    expect(
      clocks.isCoveredBy(
        new Map([
          [3, 11],
          [9, 4],
          [1, 5],
        ]),
        [],
      ),
    ).toBe(true);
  });

  // Time that grows with the square of the gaps would exceed the test's.
  it('take tens of thousands of gaps at once', () => {
    const ranges = Array.from({ length: 100_000 }, (_, index) => ({
      client: 1,
      start: 2 * index + 1,
      end: 2 * index + 2,
    }));
    const clocks = new KnownClocks();
    clocks.add(ranges);
    clocks.add(ranges.map(({ client, start }) => ({ client, start: start - 1, end: start })));
    expect(decode(clocks).get(1)).toBe(200_000);
  });
});
