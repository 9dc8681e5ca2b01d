import { describe, it } from 'vitest';
import { readFuzzOptions } from '../shared/testing/fuzz-options.ts';
import { PINNED_SEEDS } from './pinned-seeds.ts';
import { expectRest } from './rest.ts';
import { WholeWorld, type WorldOptions } from './whole-world.ts';

describe('engines, their disks and a relay', () => {
  const { seeds, operations } = readFuzzOptions({ seedCount: 12, operations: 80, pinned: PINNED_SEEDS });
  it.each(seeds)('end in one text, with no edit lost, whatever happens on the way (seed %i)', async (seed) => {
    // Where nothing mixes files, none may get anything of another, or anything twice.
    await live(seed, { mixesFiles: seed % 2 === 0 }, { operations, isTraced: seeds.length === 1 });
  });
});

describe('engines, disks with files that become executable, and a relay', () => {
  const { seeds, operations } = readFuzzOptions({ seedCount: 4, operations: 80 });
  it.each(seeds)('end in the same everywhere, whatever happens on the way (seed %i)', async (seed) => {
    const options = { mixesFiles: seed % 2 === 0, hasExecutables: true };
    await live(seed, options, { operations, isTraced: seeds.length === 1 });
  });
});

interface Life {
  readonly operations: number;
  /** Who asks for one seed wants to know how it went. */
  readonly isTraced: boolean;
}

async function live(seed: number, options: WorldOptions, { operations, isTraced }: Life): Promise<void> {
  const world = await WholeWorld.create(seed, options);
  try {
    for (let step = 0; step < operations; step++) await world.step();
    await expectRest(world);
  } catch (error) {
    if (isTraced) console.log(world.trace.join('\n'));
    throw error;
  } finally {
    await world.dispose();
  }
}
