import { chmod, mkdir, realpath, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { dropPrivileges } from '../testing/without-privileges.ts';
import { checkMirrorFolder } from './mirror-folder.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

async function begin() {
  const folder = await TestFolder.create({ 'data/x': 'x', 'mine/sub/a.txt': 'a', 'other/y': 'y' });
  const options = { dataFolder: folder.at('data'), taken: [{ folder: folder.at('other'), owner: 'the room "N"' }] };
  return { folder, options };
}

it('takes a folder that is free, and makes one where it is asked to', async () => {
  const { folder, options } = await begin();
  expect(await checkMirrorFolder(folder.at('mine'), options)).toBe(folder.at('mine'));
  const made = folder.at('made/here');
  await expect(checkMirrorFolder(made, options)).rejects.toMatchObject({ code: 'folder-missing' });
  expect(await checkMirrorFolder(made, { ...options, isMade: true })).toBe(made);
  expect(await folder.contents()).toEqual({ 'data/x': 'x', 'mine/sub/a.txt': 'a', 'other/y': 'y' });
});

it('says at once that no folder can be made', async () => {
  const { options } = await begin();
  const making = checkMirrorFolder('/proc/tutti/here', { ...options, isMade: true });
  await expect(making).rejects.toMatchObject({ code: 'folder-missing' });
});

it('refuses what is no folder for one room', async () => {
  const { folder, options } = await begin();
  await mkdir(folder.at('other/deep'));
  await mkdir(folder.at('data/rooms'));
  await symlink(folder.at('mine'), folder.at('link'));
  await symlink(folder.at('nowhere'), folder.at('dangling'));
  const home = await realpath(homedir());
  for (const [path, message] of [
    ['/', 'is the whole disk'],
    [home, 'is your home folder'],
    [folder.at('data'), "Tutti's own files"],
    [folder.at('data/rooms'), "Tutti's own files"],
    [folder.path, "Tutti's own files"],
    [folder.at('other'), 'belongs to the room "N"'],
    [folder.at('other/deep'), 'lies in'],
    [folder.at('link'), 'is a link to'],
    [folder.at('dangling'), 'is a link nowhere'],
    [folder.at('mine/sub/a.txt'), 'is not a folder'],
  ] as const) {
    await expect(checkMirrorFolder(path, options)).rejects.toThrow(message);
  }
  const outer = { ...options, dataFolder: folder.at('elsewhere') };
  await expect(checkMirrorFolder(folder.path, outer)).rejects.toThrow('holds');
  if (dirname(home) !== '/') await expect(checkMirrorFolder(dirname(home), options)).rejects.toThrow('or holds it');
});

it('refuses one that may not be written to', async () => {
  dropPrivileges();
  const { folder, options } = await begin();
  await chmod(folder.at('mine'), 0o500);
  onTestFinished(() => chmod(folder.at('mine'), 0o700));
  await expect(checkMirrorFolder(folder.at('mine'), options)).rejects.toThrow('may not be written to');
});
