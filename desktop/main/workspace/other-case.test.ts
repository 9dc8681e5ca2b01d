import { link, rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { findOwner, spellingOnDisk } from './disk-spelling.ts';
import { BaseIndex } from './base-index.ts';
import { MemoryMirrorBases } from './testing/memory-shared-files.ts';
import { type MirrorUnderTest, startMirror, TestFolder } from './testing/mirror-under-test.ts';

// Also with a TMPDIR on a disk that does not tell case, but for what is said to be of one that does.

async function expectBoth(test: MirrorUnderTest, files: Readonly<Record<string, string>>): Promise<void> {
  await test.settle();
  await test.settle();
  expect(await test.folder.contents()).toEqual(files);
  expect(test.files.contents).toEqual(files);
  expect(test.problems).toEqual([]);
}

describe('in the room', () => {
  it('two files change places, and the case of their names', async () => {
    const test = await startMirror({ 'a.txt': 'of a\n', 'b.txt': 'of b\n' });
    const [a, b] = [test.files.idOf('a.txt'), test.files.idOf('b.txt')];
    test.files.update(a, { path: 'B.txt' });
    test.files.update(b, { path: 'A.txt' });
    await expectBoth(test, { 'A.txt': 'of b\n', 'B.txt': 'of a\n' });
  });

  it('a file takes the name that another leaves, in other case', async () => {
    const test = await startMirror({ 'a.txt': 'of a\n', 'b.txt': 'of b\n' });
    const [a, b] = [test.files.idOf('a.txt'), test.files.idOf('b.txt')];
    test.files.insert(a, 0, 'more ');
    test.files.update(a, { path: 'B.txt' });
    test.files.update(b, { path: 'c.txt' });
    await expectBoth(test, { 'B.txt': 'more of a\n', 'c.txt': 'of b\n' });
  });

  it('a file takes the name of one that was deleted on disk, in other case', async () => {
    const test = await startMirror({ 'a.txt': 'of a\n', 'b.txt': 'of b\n' });
    await rm(test.folder.at('b.txt'));
    test.files.update(test.files.idOf('b.txt'), { path: 'c.txt' });
    test.files.update(test.files.idOf('a.txt'), { path: 'B.txt' });
    await expectBoth(test, { 'B.txt': 'of a\n' });
  });

  it('a file becomes a folder of another name only in case', async () => {
    const test = await startMirror({ lib: 'of lib\n' });
    test.files.update(test.files.idOf('lib'), { path: 'Lib/a.txt' });
    await expectBoth(test, { 'Lib/a.txt': 'of lib\n' });
  });

  it('a folder is renamed only in case', async () => {
    const test = await startMirror({ 'src/a.txt': 'a\n', 'src/deep/b.txt': 'b\n' });
    for (const { fileId, path } of test.files.files) test.files.update(fileId, { path: path.replace('src', 'Src') });
    await expectBoth(test, { 'Src/a.txt': 'a\n', 'Src/deep/b.txt': 'b\n' });
  });
});

it('a file and a folder renamed on disk only in case are renamed in the room', async () => {
  const test = await startMirror({ 'readme.md': 'me\n', 'src/a.txt': 'a\n' });
  const ids = [test.files.idOf('readme.md'), test.files.idOf('src/a.txt')];
  await rename(test.folder.at('readme.md'), test.folder.at('README.md'));
  await rename(test.folder.at('src'), test.folder.at('Src'));
  await expectBoth(test, { 'README.md': 'me\n', 'Src/a.txt': 'a\n' });
  expect([test.files.idOf('README.md'), test.files.idOf('Src/a.txt')]).toEqual(ids);
});

describe('on a disk that tells case', () => {
  it('a name that differs only in case is another, also where the two are links to one file', async () => {
    const folder = await TestFolder.create({ 'Src/Makefile': 'one\n' });
    await link(folder.at('Src/Makefile'), folder.at('Src/makefile'));
    const bases = new BaseIndex(new MemoryMirrorBases());
    bases.set('f1', { path: 'Src/Makefile', hash: 'h', text: '' });
    expect(await spellingOnDisk(folder.path, 'Src/makefile')).toBe('Src/makefile');
    expect(await findOwner(folder.path, 'Src/Makefile', bases)).toBe('f1');
    expect(await findOwner(folder.path, 'Src/makefile', bases)).toBeUndefined();
    expect(await findOwner(folder.path, 'src/Makefile', bases)).toBeUndefined();
  });

  it('the link is left out, and the room does not go from one name to the other', async () => {
    const test = await startMirror({ Makefile: 'one\n' });
    await link(test.folder.at('Makefile'), test.folder.at('makefile'));
    await test.settle();
    expect(Object.keys(test.files.contents)).toEqual(['Makefile']);
    expect(test.openProblems.map(({ path }) => path)).toEqual(['makefile']);
  });
});

it('where nothing is on disk, a file that was there under a name in other case is still its owner', async () => {
  const folder = await TestFolder.create();
  const bases = new BaseIndex(new MemoryMirrorBases());
  bases.set('f1', { path: 'stra\u00dfe.txt', hash: 'h', text: '' });
  expect(await findOwner(folder.path, 'STRASSE.txt', bases)).toBe('f1');
  bases.delete('f1');
  expect(await findOwner(folder.path, 'STRASSE.txt', bases)).toBeUndefined();
});
