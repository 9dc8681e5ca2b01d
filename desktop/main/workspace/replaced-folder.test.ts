import { mkdir, rename, rm } from 'node:fs/promises';
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
