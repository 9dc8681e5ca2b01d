import { describe, it } from 'vitest';
import { readFuzzOptions } from '../shared/testing/fuzz-options.ts';
import { PINNED_SEEDS } from './pinned-seeds.ts';
import { expectRest } from './rest.ts';
import { WholeWorld } from './whole-world.ts';

const { seeds, operations } = readFuzzOptions({ seedCount: 12, operations: 80, pinned: PINNED_SEEDS });

describe('engines, their disks and a relay', () => {
  it.each(seeds)('end in one text, with no edit lost, whatever happens on the way (seed %i)', async (seed) => {
    // Where nothing mixes files, none may get anything of another, or anything twice.
    const world = await WholeWorld.create(seed, seed % 2 === 0);
    try {
      for (let step = 0; step < operations; step++) await world.step();
      await expectRest(world);
    } catch (error) {
      // Who asks for one seed wants to know how it went.
      if (seeds.length === 1) console.log(world.trace.join('\n'));
      throw error;
    } finally {
      await world.dispose();
    }
  });
});
