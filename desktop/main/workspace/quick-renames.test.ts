import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { MirrorOnDevice } from './testing/mirror-on-device.ts';
import type { MirrorUnderTest } from './testing/mirror-under-test.ts';

const FILES = { 'a.txt': 'AAA\n', 'b.txt': 'BBB\n', 'c.txt': 'CCC\n', 'd.txt': 'DDD\n' };

/** Lets each file take the path of the next. */
function rotate({ files }: MirrorUnderTest, fileIds: readonly string[]): void {
  const paths = fileIds.map((_fileId, index) => files.get(fileIds[(index + 1) % fileIds.length] ?? '')?.path ?? '');
  files.updateAll(new Map(fileIds.map((fileId, index) => [fileId, { path: paths[index] ?? '' }])));
}

async function start(concurrentSyncs: number) {
  const device = await MirrorOnDevice.start(FILES, concurrentSyncs);
  const { test, memory } = device;
  const ids = Object.keys(FILES).map((path) => test.files.idOf(path));
  const check = async (about: object) => {
    memory.process.beforeStep = undefined;
    await test.settle();
    await test.advance(1_000);
    await test.settle();
    const texts = Object.fromEntries(
      ids.map((fileId): [string, string] => [test.files.get(fileId)?.path ?? 'gone', test.files.readText(fileId)]),
    );
    expect({ about, paths: Object.keys(texts).toSorted() }).toEqual({ about, paths: Object.keys(FILES) });
    expect({ about, texts: ids.map((fileId) => test.files.readText(fileId)) }).toEqual({
      about,
      texts: Object.values(FILES),
    });
    expect({ about, onDisk: await test.folder.contents() }).toEqual({ about, onDisk: texts });
    expect({ about, problems: test.problems }).toEqual({ about, problems: [] });
  };
  return { test, ids, process: memory.process, check };
}

describe.each([1, 8])('files that the room lets change places, %i at a time,', (concurrentSyncs) => {
  it.each([
    ['on', [0, 1, 2]],
    ['back', [2, 1, 0]],
    ['with others', [1, 3]],
    ['all', [0, 1, 2, 3]],
  ])('and %s at any step of that are all there at rest', async (_name, others) => {
    for (let step = 0, isOver = false; !isOver; step++) {
      const { test, ids, process, check } = await start(concurrentSyncs);
      let steps = 0;
      process.beforeStep = () => {
        if (steps++ === step)
          rotate(
            test,
            others.map((index) => ids[index] ?? ''),
          );
      };
      rotate(test, ids.slice(0, 3));
      await test.current.flush();
      isOver = steps <= step;
      await check({ step });
    }
  });

  it.each(Array.from({ length: 10 }, (_unused, index) => index + 1))(
    'and again and again meanwhile are all there at rest (seed %i)',
    async (seed) => {
      const random = createSeededRandom(seed);
      const { test, ids, process, check } = await start(concurrentSyncs);
      let rotations = 60;
      process.beforeStep = () => {
        if (rotations === 0 || !random.chance(0.2)) return;
        rotations--;
        const from = random.below(ids.length);
        rotate(test, [...ids.slice(from), ...ids.slice(0, from)].slice(0, 2 + random.below(3)));
      };
      rotate(test, ids);
      await test.current.flush();
      expect(rotations).toBeLessThan(60);
      await check({ seed });
    },
  );
});
