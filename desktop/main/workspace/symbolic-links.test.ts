import { lstat, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { follow } from './testing/followed-folder.ts';
import { MirrorUnderTest, startMirror, TestFolder } from './testing/mirror-under-test.ts';

const LINK_PROBLEM = { title: 'A link is in the way of a file.', canRetry: true };

describe('a symbolic link in the folder', () => {
  it('is not shared, and what it leads to is shared once', async () => {
    const folder = await TestFolder.create({
      'real.txt': 'real',
      'sub/x.txt': 'x',
      '.gitignore': 'secret\n',
      secret: 's',
    });
    await symlink('real.txt', folder.at('link.txt'));
    await symlink('secret', folder.at('link-to-ignored'));
    await symlink('sub', folder.at('linked-sub'));
    const test = new MirrorUnderTest(folder);
    await test.start();
    expect(Object.keys(test.files.contents)).toEqual(['.gitignore', 'real.txt', 'sub/x.txt']);
    expect(test.openProblems).toEqual([]);
  });

  it.each(['real.txt', 'nowhere'])('is neither written through nor replaced, where it leads to %s', async (target) => {
    const test = await startMirror({ 'real.txt': 'real' });
    await symlink(target, test.folder.at('link.txt'));
    const id = test.files.create('link.txt', 'from the room');
    await test.settle();
    expect(await readlink(test.folder.at('link.txt'))).toBe(target);
    expect(await test.folder.contents()).toEqual({ 'real.txt': 'real' });
    expect(test.openProblems).toMatchObject([{ ...LINK_PROBLEM, fileId: id, path: 'link.txt' }]);
    test.files.update(id, { path: 'other.txt' });
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'other.txt': 'from the room', 'real.txt': 'real' });
    expect(test.openProblems).toEqual([]);
  });

  it('is not removed with the file of that name, nor is what it leads to', async () => {
    const test = await startMirror({ 'real.txt': 'same', 'link.txt': 'same' });
    await rm(test.folder.at('link.txt'));
    await symlink('real.txt', test.folder.at('link.txt'));
    test.files.remove([test.files.idOf('link.txt')]);
    await test.settle();
    expect(await readlink(test.folder.at('link.txt'))).toBe('real.txt');
    expect(await test.folder.contents()).toEqual({ 'real.txt': 'same' });
    expect(test.files.contents).toEqual({ 'real.txt': 'same' });
    expect(test.openProblems).toEqual([]);
  });

  it('stays where it is when the file of that name moves, as does what it leads to', async () => {
    const test = await startMirror({ 'real.txt': 'same', 'link.txt': 'same' });
    const [real, link] = [test.files.idOf('real.txt'), test.files.idOf('link.txt')];
    await rm(test.folder.at('link.txt'));
    await symlink('real.txt', test.folder.at('link.txt'));
    test.files.update(link, { path: 'sub/moved.txt' });
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'real.txt': 'same', 'sub/moved.txt': 'same' });
    expect(await readlink(test.folder.at('link.txt'))).toBe('real.txt');
    expect([test.files.idOf('real.txt'), test.files.idOf('sub/moved.txt')]).toEqual([real, link]);
  });

  it('stays where it is when another file moves to its name', async () => {
    const test = await startMirror({ 'real.txt': 'real', 'a.txt': 'A' });
    await symlink('real.txt', test.folder.at('link.txt'));
    test.files.update(test.files.idOf('a.txt'), { path: 'link.txt' });
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'real.txt': 'real', 'a.txt': 'A' });
    expect(await readlink(test.folder.at('link.txt'))).toBe('real.txt');
    expect(test.openProblems).toMatchObject([LINK_PROBLEM]);
    await rm(test.folder.at('link.txt'));
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'real.txt': 'real', 'link.txt': 'A' });
    expect(test.openProblems).toEqual([]);
  });

  it('in place of a file does not change its text, and the text is written again when it goes', async () => {
    const test = await startMirror({ 'real.txt': 'other', 'a.txt': 'A' });
    await rm(test.folder.at('a.txt'));
    await symlink('real.txt', test.folder.at('a.txt'));
    await test.settle();
    expect(test.files.contents).toEqual({ 'real.txt': 'other', 'a.txt': 'A' });
    expect(test.openProblems).toMatchObject([{ ...LINK_PROBLEM, path: 'a.txt' }]);
    await rm(test.folder.at('a.txt'));
    await test.settle();
    await test.advance(1_000);
    expect(test.files.contents).toEqual({ 'real.txt': 'other', 'a.txt': 'A' });
    expect(await test.folder.contents()).toEqual({ 'real.txt': 'other', 'a.txt': 'A' });
    expect(test.openProblems).toEqual([]);
  });

  it('to where a file was moved counts as its new name', async () => {
    const test = await startMirror({ 'a.txt': 'A' });
    const id = test.files.idOf('a.txt');
    await mkdir(test.folder.at('sub'));
    await rename(test.folder.at('a.txt'), test.folder.at('sub/b.txt'));
    await symlink('sub/b.txt', test.folder.at('a.txt'));
    await test.settle();
    expect(test.files.contents).toEqual({ 'sub/b.txt': 'A' });
    expect(test.files.idOf('sub/b.txt')).toBe(id);
    expect((await lstat(test.folder.at('a.txt'))).isSymbolicLink()).toBe(true);
    expect(test.openProblems).toEqual([]);
  });

  it('in place of a folder does not bring in what it leads to, nor remove what the room has', async () => {
    const test = await follow(
      await TestFolder.create({ 'sub/x.txt': 'x', 'real/x.txt': 'real', 'real/new.txt': 'new' }),
    );
    const before = test.files.contents;
    await rename(test.folder.at('sub'), `${test.folder.path}-away`);
    await symlink('real', test.folder.at('sub'));
    await test.until(() => test.openProblems.some(({ path }) => path === 'sub/x.txt'));
    await test.mirror.reconcile();
    await test.mirror.flush();
    expect(test.files.contents).toEqual(before);
    await rm(test.folder.at('sub'));
    await rename(`${test.folder.path}-away`, test.folder.at('sub'));
    await test.mirror.reconcile();
    await test.mirror.flush();
    expect(test.files.contents).toEqual(before);
    expect(test.openProblems).toEqual([]);
  });
});
