import { describe, expect, it } from 'vitest';
import { readFuzzOptions } from '../shared/testing/fuzz-options.ts';
import { ConvergenceWorld } from './testing/convergence-world.ts';
import { PINNED_CLUSTER_SEEDS } from './testing/pinned-seeds.ts';

const { seeds, operations } = readFuzzOptions({ seedCount: 50, operations: 300, pinned: PINNED_CLUSTER_SEEDS });

describe('three engines, three relay nodes and a backplane that loses messages', () => {
  it.each(seeds)('[SY3] [SY4] [UP4] end in the same text whatever happens on the way (seed %i)', async (seed) => {
    const world = new ConvergenceWorld(seed, 3);
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
