import { appendFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { MirrorUnderTest, TestFolder } from './testing/mirror-under-test.ts';

it('a text that is written ever again is told of, and gets what others have changed as soon as it rests', async () => {
  const test = new MirrorUnderTest(await TestFolder.create({ 'log.txt': 'one\ntwo\n' }));
  await test.start();
  const path = test.folder.at('log.txt');
  test.files.insert(test.files.idOf('log.txt'), 0, 'typed\n');
  let line = 0;
  const log = () => appendFile(path, `log ${++line}\n`);
  const write = async () => {
    await log();
    // It changes also while it is being replaced.
    test.writes.beforeSync = log;
    await test.current.reconcile();
    await test.advance(200);
  };
  for (let waitedMs = 0; waitedMs < 14_000; waitedMs += 200) await write();
  expect(test.openProblems).toEqual([]);
  for (let waitedMs = 0; waitedMs < 4_000; waitedMs += 200) await write();
  expect(test.openProblems).toMatchObject([{ path: 'log.txt', severity: 'error' }]);
  expect(test.openProblems[0]?.detail).toContain('keeps changing on disk');
  const told = test.problems.length;
  for (let waitedMs = 0; waitedMs < 4_000; waitedMs += 200) await write();
  expect(test.problems.length).toBe(told);
  expect((await test.folder.read('log.txt')).startsWith('one\n')).toBe(true);
  test.writes.beforeSync = undefined;
  await test.settle();
  const text = await test.folder.read('log.txt');
  const logged = Array.from({ length: line }, (_unused, index) => `log ${index + 1}\n`).join('');
  expect(text).toBe(`typed\none\ntwo\n${logged}`);
  expect(test.files.contents).toEqual({ 'log.txt': text });
  expect(test.openProblems).toEqual([]);
});
