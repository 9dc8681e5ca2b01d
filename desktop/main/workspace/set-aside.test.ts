import { expect, it } from 'vitest';
import { MirrorUnderTest, startMirror, TestFolder } from './testing/mirror-under-test.ts';

const IS_IN_FILE = /^The room's content is in the file now; what the folder had is beside it as a\.txt\.local-/;
const IS_TO_COME =
  /^What the folder had is beside it as a\.txt\.local-.* The room's content could not be put there yet/;

it('what was put aside for a text that cannot be written yet is told as it is', async () => {
  const test = new MirrorUnderTest(await TestFolder.create({ 'a.txt': 'local' }));
  const id = test.files.create('a.txt', 'shared');
  test.writes.errno = 'ENOSPC';
  await test.start();
  await test.settle();
  const { 'a.txt': missing, ...others } = await test.folder.contents();
  expect([missing, ...Object.values(others)]).toEqual([undefined, 'local']);
  const told = () => test.problems.filter(({ id: of }) => of === `met:${id}`).map(({ detail }) => detail);
  expect(told()).toHaveLength(1);
  expect(told()[0]).toMatch(IS_TO_COME);
  expect(test.openProblems.map(({ title }) => title)).toContain('The disk is full.');
  test.writes.errno = undefined;
  await test.advance(3_000);
  expect(await test.folder.read('a.txt')).toBe('shared');
  expect(told()).toHaveLength(2);
  expect(told()[1]).toMatch(IS_IN_FILE);
  expect(test.openProblems).toMatchObject([{ id: `met:${id}`, canRetry: false }]);
});

it('what was put aside for a file that came by a move is told when it is there', async () => {
  const test = await startMirror({ '.gitignore': 'a.txt\n', 'a.txt': 'mine', 'b.txt': 'B' });
  test.files.update(test.files.idOf('b.txt'), { path: 'a.txt' });
  await test.current.flush();
  expect(await test.folder.read('a.txt')).toBe('B');
  expect(test.problems.map(({ path }) => path)).toEqual(['a.txt']);
  expect(test.problems[0]?.detail).toMatch(IS_IN_FILE);
});

it('what was put aside for a file that is removed before it came is told, too', async () => {
  const test = new MirrorUnderTest(await TestFolder.create({ 'a.txt': 'local' }));
  const id = test.files.create('a.txt', 'shared');
  test.writes.beforeSync = async () => test.files.remove([id]);
  await test.start();
  await test.settle();
  const { 'a.txt': gone, ...others } = await test.folder.contents();
  expect([gone, ...Object.values(others)]).toEqual([undefined, 'local']);
  expect(test.openProblems.map(({ path }) => path)).toEqual(['a.txt']);
  expect(test.openProblems[0]?.detail).toMatch(/^What the folder had is kept as a\.txt\.local-/);
});

it('all that was put aside is told, when something comes to the path again', async () => {
  const test = new MirrorUnderTest(await TestFolder.create({ 'a.txt': 'local' }));
  test.files.create('a.txt', 'shared');
  test.writes.beforeSync = () => test.folder.write('a.txt', 'again');
  await test.start();
  const { 'a.txt': text, ...others } = await test.folder.contents();
  expect(text).toBe('shared');
  expect(Object.values(others).toSorted((a, b) => a.localeCompare(b))).toEqual(['again', 'local']);
  expect(test.problems).toHaveLength(1);
  for (const copy of Object.keys(others)) expect(test.problems[0]?.detail).toContain(copy);
});
