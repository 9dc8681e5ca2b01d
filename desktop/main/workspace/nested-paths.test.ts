import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { startMirror } from './testing/mirror-under-test.ts';

describe('a folder that took the place of a file on disk', () => {
  it.each(['while the mirror runs', 'between two starts'])('lets the room delete the file, %s', async (when) => {
    const test = await startMirror({ a: 'x', 'z.txt': 'z' });
    if (when === 'between two starts') await test.stop();
    await rm(test.folder.at('a'));
    await test.folder.write('a/b', 'y');
    test.files.remove([test.files.idOf('a')]);
    if (when === 'between two starts') await test.start();
    await test.settle();
    expect(test.openProblems).toEqual([]);
    expect(await test.folder.contents()).toEqual({ 'a/b': 'y', 'z.txt': 'z' });
    expect(test.files.contents).toEqual({ 'a/b': 'y', 'z.txt': 'z' });
  });

  it('lets the room rename the file, with what was typed into it', async () => {
    const test = await startMirror({ a: 'x', 'z.txt': 'z' });
    await test.stop();
    await rm(test.folder.at('a'));
    await test.folder.write('a/b', 'y');
    const id = test.files.idOf('a');
    test.files.update(id, { path: 'c' });
    test.files.insert(id, 0, 'typed ');
    await test.start();
    await test.settle();
    expect(test.openProblems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(await test.folder.contents()).toEqual({ 'a/b': 'y', c: 'typed x', 'z.txt': 'z' });
  });
});

describe('a file that the room moves', () => {
  it('to the name of its own folder gets there once the folder is empty', async () => {
    const test = await startMirror({ 'lib/lib': 'x', 'lib/other': 'o' });
    const [id, other] = [test.files.idOf('lib/lib'), test.files.idOf('lib/other')];
    test.files.update(id, { path: 'lib' });
    test.files.update(other, { path: 'other' });
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ lib: 'x', other: 'o' });
    await test.settle();
    expect(test.files.idOf('lib')).toBe(id);
    expect(test.problems).toEqual([]);
  });

  it('below its own name gets there, and others with it', async () => {
    const test = await startMirror({ lib: 'x', other: 'o', 'b.bin': new Uint8Array([0, 1]) });
    test.files.update(test.files.idOf('other'), { path: 'lib/other' });
    test.files.update(test.files.idOf('lib'), { path: 'lib/index' });
    test.files.update(test.files.idOf('b.bin'), { path: 'b.bin/b.bin' });
    await test.current.flush();
    const binary = '\0\u0001';
    expect(await test.folder.contents()).toEqual({ 'lib/index': 'x', 'lib/other': 'o', 'b.bin/b.bin': binary });
    await test.settle();
    expect(test.files.contents).toEqual({ 'lib/index': 'x', 'lib/other': 'o' });
    expect(test.problems).toEqual([]);
  });

  it('stays where it is while files that are not shared hold the folder', async () => {
    const test = await startMirror({ 'lib/lib': 'x', '.gitignore': 'secret\n', 'lib/secret': 's' });
    test.files.update(test.files.idOf('lib/lib'), { path: 'lib' });
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'lib/lib': 'x', '.gitignore': 'secret\n', 'lib/secret': 's' });
    expect(test.openProblems).toMatchObject([{ path: 'lib', canRetry: true, severity: 'error' }]);
    expect(test.openProblems[0]?.detail).toContain('a folder has its name');
    await rm(test.folder.at('lib/secret'));
    await test.advance(3_000);
    expect(await test.folder.contents()).toEqual({ lib: 'x', '.gitignore': 'secret\n' });
    expect(test.openProblems).toEqual([]);
  });

  it('is not lost when the process ends half-way', async () => {
    const test = await startMirror({ 'lib/lib': 'x', 'z.txt': 'z' });
    const id = test.files.idOf('lib/lib');
    const base = test.bases.get(id);
    await test.stop();
    // The state between the two moves, as it is then kept.
    test.files.update(id, { path: 'lib' });
    test.bases.delete(id);
    if (base) await test.bases.beginSave(id, { ...base, path: 'lib' });
    await rm(test.folder.at('lib'), { recursive: true });
    await test.folder.write('lib.local-20260101T000000Z', 'x');
    await test.start();
    await test.settle();
    expect(test.files.contents).toEqual({ lib: 'x', 'z.txt': 'z' });
    expect((await test.folder.contents())['lib']).toBe('x');
  });
});

it('says in plain words that a file of the room has the name of a folder', async () => {
  const test = await startMirror({ README: 'x' });
  test.files.create('README/x', 'hello');
  await test.current.flush();
  expect(test.openProblems).toMatchObject([{ path: 'README/x', severity: 'error', canRetry: true }]);
  expect(test.openProblems[0]?.detail).toContain('a file has the name of one of its folders');
  expect(test.openProblems[0]?.detail).not.toContain('EEXIST');
  test.files.update(test.files.idOf('README'), { path: 'README.md' });
  await test.current.flush();
  await test.advance(3_000);
  expect(await test.folder.contents()).toEqual({ 'README.md': 'x', 'README/x': 'hello' });
  expect(test.openProblems).toEqual([]);
});
