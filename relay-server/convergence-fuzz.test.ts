import { describe, expect, it } from 'vitest';
import { readFuzzOptions } from '../shared/testing/fuzz-options.ts';
import { ConvergenceWorld } from './testing/convergence-world.ts';
import { PINNED_SEEDS } from './testing/pinned-seeds.ts';

const { seeds, operations } = readFuzzOptions({ seedCount: 200, operations: 300, pinned: PINNED_SEEDS });

describe('three engines and a relay', () => {
  it.each(seeds)('[SY4] [SY5] [UP4] end in the same text whatever happens on the way (seed %i)', async (seed) => {
    const world = new ConvergenceWorld(seed);
    try {
      for (let operation = 0; operation < operations; operation++) await world.step();
      await world.heal();
      for (const document of ConvergenceWorld.documents) {
        const texts = await world.readTexts(document);
        expect(new Set(texts.values()).size, `${document}: ${JSON.stringify([...texts])}`).toBe(1);
      }
      expect(await world.findLostAcks()).toEqual([]);
      expect(world.problems).toEqual([]);
    } finally {
      await world.dispose();
    }
  });
});
