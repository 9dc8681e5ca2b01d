import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startMirror } from './testing/mirror-under-test.ts';

const LINES = Array.from({ length: 20 }, (_unused, line) => `line ${line}\n`).join('');
const OTHERS = 'what others typed\n';

it.each([
  ['before it counts as deleted', 200],
  ['after it was written again with what others did', 600],
])('a file that is deleted and made anew from its older text, %s, loses nothing', async (_name, pauseMs) => {
  const test = await startMirror({ 'a.txt': LINES });
  await test.settle();
  await rm(test.folder.at('a.txt'));
  await test.current.reconcile();
  test.files.insert(test.files.idOf('a.txt'), LINES.length, OTHERS);
  await test.advance(pauseMs);
  const onDisk = await test.folder.contents();
  expect(onDisk).toEqual(pauseMs < 400 ? {} : { 'a.txt': LINES + OTHERS });
  await test.folder.write('a.txt', `${LINES}own\n`);
  await test.settle();
  expect(test.files.contents).toEqual({ 'a.txt': `${LINES}${OTHERS}own\n` });
  expect(await test.folder.contents()).toEqual(test.files.contents);
});
