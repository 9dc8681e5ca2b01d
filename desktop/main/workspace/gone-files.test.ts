import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startMirror } from './testing/mirror-under-test.ts';

it('files that go from disk together go from the room together, but for those that were edited', async () => {
  const names = Array.from({ length: 60 }, (_unused, file) => `f${file}.txt`);
  const test = await startMirror(Object.fromEntries(names.map((name) => [name, `${name}\n`])));
  await test.folder.write('stays.txt', 's');
  await test.settle();
  for (const name of names) await rm(test.folder.at(name));
  test.files.insert(test.files.idOf('f7.txt'), 0, 'edited ');
  let changes = 0;
  const following = test.files.onDidChangeFiles(() => changes++);
  await test.current.reconcile();
  await test.advance(1_000);
  await test.settle();
  following.dispose();
  expect(changes).toBe(1);
  expect(Object.keys(test.files.contents).toSorted()).toEqual(['f7.txt', 'stays.txt']);
  expect(await test.folder.contents()).toEqual({ 'f7.txt': 'edited f7.txt\n', 'stays.txt': 's' });
});
