import { cp, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { follow } from './testing/followed-folder.ts';
import { type MirrorUnderTest, startMirror, TestFolder } from './testing/mirror-under-test.ts';

const FILES = { 'src/a.txt': 'one\n', 'src/b.txt': 'two\n', 'src/c.txt': 'three\n' };

async function replaceFolder({ folder }: MirrorUnderTest): Promise<void> {
  await rm(folder.path, { recursive: true });
  await mkdir(folder.path);
  await folder.write('stray.txt', 'from elsewhere\n');
}

describe('a folder that another took the place of', () => {
  it('while the mirror runs empties nothing: its files come to those of the room', async () => {
    const test = await startMirror(FILES);
    await replaceFolder(test);
    await test.folder.write('src/a.txt', 'another one\n');
    test.files.insert(test.files.idOf('src/b.txt'), 0, 'edited ');
    await test.advance(200);
    expect(test.openProblems).toMatchObject([{ id: 'folder', severity: 'error' }]);
    await test.advance(3_000);
    await test.current.flush();
    await test.settle();
    expect(test.files.contents).toEqual({
      ...FILES,
      'src/b.txt': 'edited two\n',
      'stray.txt': 'from elsewhere\n',
    });
    const { 'src/a.txt': text, ...others } = await test.folder.contents();
    expect(text).toBe('one\n');
    const copy = Object.keys(others).find((path) => path.startsWith('src/a.txt.local-'));
    expect(others[copy ?? '']).toBe('another one\n');
    const told = test.openProblems.map(({ id, severity }) => `${id} ${severity}`);
    expect(told).toContain('folder-replaced warning');
  });

  it('between two starts empties nothing, though something lies in it', async () => {
    const test = await startMirror(FILES);
    await test.stop();
    await replaceFolder(test);
    await test.start();
    await test.settle();
    const all = { ...FILES, 'stray.txt': 'from elsewhere\n' };
    expect(test.files.contents).toEqual(all);
    expect(await test.folder.contents()).toEqual(all);
    expect(test.openProblems).toMatchObject([{ id: 'folder-replaced', severity: 'warning', canRetry: false }]);
  });

  it('between two starts is known for one also when it is an older copy', async () => {
    const test = await startMirror(FILES);
    const { folder, files } = test;
    const old = await TestFolder.create();
    await cp(folder.path, old.path, { recursive: true });
    files.insert(files.idOf('src/a.txt'), 0, 'of today\n');
    files.create('src/new.txt', 'new\n');
    await test.settle();
    const today = { ...FILES, 'src/a.txt': 'of today\none\n', 'src/new.txt': 'new\n' };
    expect(await folder.contents()).toEqual(today);
    await test.stop();
    await rm(folder.path, { recursive: true });
    await rename(old.path, folder.path);
    await folder.write('src/c.txt', 'changed in the copy\n');
    await test.start();
    await test.settle();
    expect(files.contents).toEqual(today);
    const { 'src/c.txt': _restored, ...others } = await folder.contents();
    expect(others).toMatchObject({ 'src/a.txt': today['src/a.txt'], 'src/new.txt': 'new\n' });
    expect(Object.values(others)).toContain('changed in the copy\n');
    expect(test.openProblems).toContainEqual(
      expect.objectContaining({ id: 'folder-replaced', title: 'The folder was replaced by another.' }),
    );
    await test.stop();
    await test.start();
    expect(test.openProblems).toEqual([]);
  });

  it('is not taken for one when it was moved away and back', async () => {
    const test = await startMirror(FILES);
    await test.stop();
    await rename(test.folder.path, `${test.folder.path}-moved`);
    await rename(`${test.folder.path}-moved`, test.folder.path);
    await rm(test.folder.at('src/a.txt'));
    await test.start();
    await test.advance(3_000);
    await test.settle();
    expect(Object.keys(test.files.contents)).toEqual(['src/b.txt', 'src/c.txt']);
    expect(test.openProblems).toEqual([]);
  });

  it('is not taken for one when all its files have moved', async () => {
    const test = await startMirror(FILES);
    const id = test.files.idOf('src/a.txt');
    await test.stop();
    await rename(test.folder.at('src'), test.folder.at('lib'));
    await test.start();
    expect(test.files.contents).toEqual({ 'lib/a.txt': 'one\n', 'lib/b.txt': 'two\n', 'lib/c.txt': 'three\n' });
    expect(test.files.idOf('lib/a.txt')).toBe(id);
    expect(test.openProblems).toEqual([]);
  });
});

describe('a link in the place of the folder', () => {
  it('is not followed, whoever has changed something, and the folder goes on to be used once it is back', async () => {
    const test = await startMirror(FILES);
    const { folder, files } = test;
    const outside = await TestFolder.create({ 'src/a.txt': 'outside\n', 'mine.txt': 'mine\n' });
    const before = await outside.contents();
    await rename(folder.path, `${folder.path}-real`);
    await symlink(outside.path, folder.path);
    files.insert(files.idOf('src/a.txt'), 0, 'typed ');
    files.create('src/new.txt', 'new\n');
    files.remove([files.idOf('src/b.txt')]);
    await test.settle();
    await test.advance(3_000);
    await test.settle();
    expect(await outside.contents()).toEqual(before);
    const room = { 'src/a.txt': 'typed one\n', 'src/c.txt': 'three\n', 'src/new.txt': 'new\n' };
    expect(files.contents).toEqual(room);
    expect(test.openProblems).toMatchObject([{ id: 'folder', severity: 'error' }]);
    expect(test.openProblems[0]?.detail).toContain('has become a link');
    await rm(folder.path);
    await rename(`${folder.path}-real`, folder.path);
    await test.advance(3_000);
    await test.settle();
    expect(await folder.contents()).toEqual(room);
    expect(files.contents).toEqual(room);
    expect(test.openProblems).toEqual([]);
  });

  it('is not followed either where it leads to the folder itself, or stands for one that the folder lies in', async () => {
    const parent = await TestFolder.create({ 'inner/a.txt': 'one\n', 'inner/b.txt': 'two\n' });
    const elsewhere = await TestFolder.create();
    const test = await follow({ path: parent.at('inner') });
    expect(test.files.contents).toEqual({ 'a.txt': 'one\n', 'b.txt': 'two\n' });
    await rename(parent.path, elsewhere.at('moved'));
    await symlink(elsewhere.at('moved'), parent.path);
    test.files.insert(test.files.idOf('a.txt'), 0, 'typed ');
    await test.until(() => test.openProblems.some(({ id }) => id === 'folder'));
    expect(test.openProblems[0]?.detail).toContain(`"${parent.path}", which has become a link`);
    expect(await elsewhere.read('moved/inner/a.txt')).toBe('one\n');
    await rm(parent.path);
    await rename(elsewhere.at('moved'), parent.path);
    await test.until(() => test.openProblems.length === 0);
    await test.mirror.flush();
    expect(await parent.read('inner/a.txt')).toBe('typed one\n');
  });
});

describe('a folder within it that something took the place of', () => {
  it('is followed, though the system tells nothing of the files in it', async () => {
    const test = await follow(
      await TestFolder.create({ 'src/a.txt': 'one\n', 'src/b.txt': 'two\n', 'c.txt': 'three\n' }),
    );
    const id = test.files.idOf('src/a.txt');
    const other = await TestFolder.create({ 'a.txt': 'one\nmore\n', 'd.txt': 'four\n' });
    await rm(test.folder.at('src'), { recursive: true });
    await rename(other.path, test.folder.at('src'));
    const expected = { 'src/a.txt': 'one\nmore\n', 'src/d.txt': 'four\n', 'c.txt': 'three\n' };
    await test.until(() => isDeepStrictEqual(test.files.contents, expected));
    expect(test.files.idOf('src/a.txt')).toBe(id);
    await rename(test.folder.at('src'), other.path);
    await test.folder.write('src', 'a file\n');
    await test.until(() => isDeepStrictEqual(test.files.contents, { src: 'a file\n', 'c.txt': 'three\n' }));
    expect(test.openProblems).toEqual([]);
  });
});
