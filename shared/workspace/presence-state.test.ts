import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { decodePresenceState, encodePresenceState } from './presence-state.ts';

const selections = new Uint8Array([1, 2, 3]);

describe('presence state', () => {
  it('survives the way there and back', () => {
    for (const state of [
      { fileId: 'abc', selections },
      { fileId: undefined, selections: new Uint8Array(0) },
      { fileId: 'abc', selections, foreign: new Uint8Array([9, 8]) },
    ]) {
      expect(decodePresenceState(encodePresenceState(state))).toEqual(state);
    }
  });

  it('stays below 4 KiB', () => {
    const bytes = encodePresenceState({ fileId: 'f'.repeat(64), selections: new Uint8Array(3900) });
    expect(bytes.byteLength).toBeLessThanOrEqual(4096);
    expect(encodePresenceState({ fileId: 'f', selections: new Uint8Array(5000) }).byteLength).toBeLessThan(16);
    const crowded = encodePresenceState({ fileId: 'f', selections, foreign: new Uint8Array(4096) });
    expect(decodePresenceState(crowded)).toEqual({ fileId: 'f', selections });
  });

  it('reads 20,000 damaged states without throwing', () => {
    const random = createSeededRandom(11);
    const good = encodePresenceState({ fileId: 'abc', selections });
    let refused = 0;
    for (let round = 0; round < 20_000; round++) {
      const damaged = good.slice(0, 1 + random.below(good.length));
      for (let change = 0; change < 3; change++) damaged[random.below(damaged.length)] = random.below(256);
      if (decodePresenceState(damaged) === undefined) refused++;
    }
    expect(refused).toBeGreaterThan(10_000);
  });
});
