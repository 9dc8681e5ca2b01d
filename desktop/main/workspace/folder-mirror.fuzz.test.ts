import { describe, it } from 'vitest';
import { readFuzzOptions } from '../../../shared/testing/fuzz-options.ts';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { Turmoil } from './testing/turmoil.ts';

describe('a folder and a room in turmoil', () => {
  const { seeds, operations } = readFuzzOptions({ seedCount: 10, operations: 80, pinned: [391, 399, 1792] });
  it.each(seeds)('end in step, with nothing lost or exchanged (seed %i)', async (seed) => {
    const turmoil = await Turmoil.start(createSeededRandom(seed));
    for (let step = 0; step < operations; step++) await turmoil.step();
    await turmoil.check();
  });
});

describe('a folder with symbolic links and a room in turmoil', () => {
  const { seeds, operations } = readFuzzOptions({ seedCount: 8, operations: 80 });
  it.each(seeds)('end in step, with nothing lost or exchanged (seed %i)', async (seed) => {
    const turmoil = await Turmoil.start(createSeededRandom(seed), { hasLinks: true });
    for (let step = 0; step < operations; step++) await turmoil.step();
    await turmoil.check();
  });
});

describe('a folder with files that are no texts and a room in turmoil', () => {
  const { seeds, operations } = readFuzzOptions({ seedCount: 8, operations: 80 });
  it.each(seeds)('end in step, with nothing lost or exchanged (seed %i)', async (seed) => {
    const turmoil = await Turmoil.start(createSeededRandom(seed), { hasBinaries: true });
    for (let step = 0; step < operations; step++) await turmoil.step();
    await turmoil.check();
  });
});

describe('a folder with files that become executable and a room in turmoil', () => {
  const { seeds, operations } = readFuzzOptions({ seedCount: 8, operations: 80 });
  it.each(seeds)('end in step, with nothing lost or exchanged (seed %i)', async (seed) => {
    const turmoil = await Turmoil.start(createSeededRandom(seed), {
      hasExecutables: true,
      hasBinaries: seed % 2 === 0,
    });
    for (let step = 0; step < operations; step++) await turmoil.step();
    await turmoil.check();
  });
});

describe('a folder and a room whose files change places while they are moved', () => {
  const { seeds, operations } = readFuzzOptions({ seedCount: 16, operations: 80 });
  it.each(seeds)('end in step, with nothing lost or exchanged (seed %i)', async (seed) => {
    const turmoil = await Turmoil.start(createSeededRandom(seed), {
      quickRenames: { concurrentSyncs: seed % 2 === 0 ? 8 : 1 },
      hasBinaries: seed % 4 > 1,
    });
    for (let step = 0; step < operations; step++) await turmoil.step();
    await turmoil.check();
  });
});
