import { rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { follow } from './testing/followed-folder.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

const followNew = async (content: Readonly<Record<string, string>>) => follow(await TestFolder.create(content));

describe('a mirror that watches', () => {
  it('follows a folder that was moved away and back, by itself', async () => {
    const { folder, files, until, problems } = await followNew({ 'a.txt': 'one\n' });
    const away = `${folder.path}-away`;
    await rename(folder.path, away);
    await until(() => problems.some(({ id, isResolved }) => id === 'folder' && !isResolved));
    await rename(away, folder.path);
    await until(() => problems.some(({ id, isResolved }) => id === 'folder' && isResolved === true));
    await folder.write('b.txt', 'two\n');
    await until(() => 'b.txt' in files.contents);
    expect(Object.keys(files.contents)).toEqual(['a.txt', 'b.txt']);
  });

  it('takes a folder that comes in the place of a file', async () => {
    const { folder, files, until } = await followNew({ 'm.txt': 'one\n', 'other.txt': 'x\n' });
    await rm(folder.at('m.txt'));
    await folder.write('m.txt/index.txt', 'two\n');
    await until(() => 'm.txt/index.txt' in files.contents && !('m.txt' in files.contents));
    expect(Object.keys(files.contents)).toEqual(['m.txt/index.txt', 'other.txt']);
  });

  it('takes in a file whose name is in another Unicode form', async () => {
    const { folder, files, until } = await followNew({ 'a.txt': 'one\n' });
    await folder.write('cafe\u0301/e\u0301.txt', 'two\n');
    await until(() => 'caf\u00e9/\u00e9.txt' in files.contents);
    expect(files.contents['caf\u00e9/\u00e9.txt']).toBe('two\n');
  });

  it('follows edits, new files, new folders, renames and deletions', async () => {
    const { folder, files, until, problems } = await followNew({ 'a.txt': 'one\n', 'b.txt': 'two\n' });
    const id = files.idOf('a.txt');
    await folder.write('a.txt', 'one!\n');
    await until(() => files.readText(id) === 'one!\n');
    await folder.write('new/deep/c.txt', 'three\n');
    await until(() => 'new/deep/c.txt' in files.contents);
    await rename(folder.at('a.txt'), folder.at('new/a.txt'));
    await until(() => 'new/a.txt' in files.contents);
    expect(files.idOf('new/a.txt')).toBe(id);
    await rm(folder.at('new'), { recursive: true });
    await until(() => Object.keys(files.contents).join() === 'b.txt');
    expect(problems).toEqual([]);
  });

  it('follows a folder that is renamed, with its files', async () => {
    const { folder, files, until } = await followNew({ 'src/a.txt': 'alpha\n', 'src/b.txt': 'beta\n' });
    const ids = [files.idOf('src/a.txt'), files.idOf('src/b.txt')];
    await rename(folder.at('src'), folder.at('lib'));
    await until(() => 'lib/a.txt' in files.contents && 'lib/b.txt' in files.contents);
    expect([files.idOf('lib/a.txt'), files.idOf('lib/b.txt')]).toEqual(ids);
  });

  it('follows the folders that the room makes, and what is in one that is renamed', async () => {
    const { folder, files, mirror, until } = await followNew({ 'a.txt': 'one\n' });
    const id = files.create('r/s/t/c.txt', 'one\n');
    await mirror.flush();
    await takesEdit('r/s/t/c.txt');
    await rename(folder.at('r'), folder.at('z'));
    await until(() => 'z/s/t/c.txt' in files.contents);
    await takesEdit('z/s/t/c.txt');

    async function takesEdit(path: string): Promise<void> {
      const marker = `before ${path[0]}.txt`;
      // Everything that was done before is over once this is there.
      await folder.write(marker, '');
      await until(() => marker in files.contents);
      await mirror.flush();
      await folder.write(path, `${path}\n`);
      await until(() => files.readText(id) === `${path}\n`);
    }
  });

  it('writes what the room changes, and takes its own writes for no news', async () => {
    const { folder, files, mirror } = await followNew({ 'a.txt': 'one\n' });
    const id = files.idOf('a.txt');
    files.insert(id, 0, 'zero\n');
    await mirror.flush();
    expect(await folder.read('a.txt')).toBe('zero\none\n');
    expect(files.readText(id)).toBe('zero\none\n');
  });

  it('writes what the room changes while new files are being listed', async () => {
    const { folder, files, mirror, until } = await followNew({ 'a.txt': 'one\n' });
    files.beforeCreate = () => files.insert(files.idOf('a.txt'), 0, 'typed ');
    await folder.write('new.txt', 'new\n');
    await until(() => 'new.txt' in files.contents);
    await mirror.flush();
    expect(await folder.contents()).toEqual({ 'a.txt': 'typed one\n', 'new.txt': 'new\n' });
  });

  it('heeds a .gitignore that changes', async () => {
    const { folder, files, until } = await followNew({ '.gitignore': 'secret.txt\n', 'secret.txt': 'x' });
    await folder.write('build/out.txt', 'seen');
    await until(() => 'build/out.txt' in files.contents);
    expect('secret.txt' in files.contents).toBe(false);
    await folder.write('.gitignore', '');
    await until(() => 'secret.txt' in files.contents);
  });

  it('tells that the folder was removed, and keeps the room', async () => {
    const { folder, files, until, problems } = await followNew({ 'a.txt': 'one\n', 'b.txt': 'two\n' });
    await rm(folder.path, { recursive: true });
    await until(() => problems.some(({ id }) => id === 'folder'));
    expect(Object.keys(files.contents)).toEqual(['a.txt', 'b.txt']);
    expect(problems.at(-1)).toMatchObject({ severity: 'error', canRetry: true });
  });
});
