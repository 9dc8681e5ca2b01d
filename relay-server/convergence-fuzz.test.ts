import { describe, it } from 'vitest';
import { readFuzzOptions } from '../shared/testing/fuzz-options.ts';
import { expectConvergence } from './testing/expect-convergence.ts';
import { PINNED_SEEDS } from './testing/pinned-seeds.ts';

const { seeds, operations } = readFuzzOptions({ seedCount: 200, operations: 300, pinned: PINNED_SEEDS });

describe('three engines and a relay', () => {
  it.each(seeds)('[SY4] [SY5] [UP4] end in the same text whatever happens on the way (seed %i)', async (seed) => {
    await expectConvergence(seed, operations, 1);
  });
});
