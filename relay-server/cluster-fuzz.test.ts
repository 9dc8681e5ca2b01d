import { describe, it } from 'vitest';
import { readFuzzOptions } from '../shared/testing/fuzz-options.ts';
import { expectConvergence } from './testing/expect-convergence.ts';
import { PINNED_CLUSTER_SEEDS } from './testing/pinned-seeds.ts';

const { seeds, operations } = readFuzzOptions({ seedCount: 50, operations: 300, pinned: PINNED_CLUSTER_SEEDS });

describe('three engines, three relay nodes and a backplane that loses messages', () => {
  it.each(seeds)('[SY3] [SY4] [UP4] end in the same text whatever happens on the way (seed %i)', async (seed) => {
    await expectConvergence(seed, operations, 3);
  });
});
