import { symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { resolveInside } from './path-guard.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

describe('resolveInside', () => {
  it('resolves files that exist, and those that are to be made', async () => {
    const folder = await TestFolder.create({ 'a/b.txt': '' });
    expect(await resolveInside(folder.path, 'a/b.txt')).toBe(folder.at('a/b.txt'));
    expect(await resolveInside(folder.path, 'a/new/c.txt')).toBe(folder.at('a/new/c.txt'));
  });

  it.each(['../x', '/etc/passwd', '.git/config', 'a/../../x', 'c:x'])('refuses %j', async (path) => {
    const folder = await TestFolder.create();
    await expect(resolveInside(folder.path, path)).rejects.toMatchObject({ code: 'outside-folder' });
  });

  it('refuses links, wherever they lead, and what lies below them', async () => {
    const outside = await TestFolder.create({ 'x.txt': '' });
    const folder = await TestFolder.create({ '.git/config': '', 'sub/a.txt': '' });
    await symlink(outside.path, folder.at('out'));
    await symlink(outside.at('x.txt'), folder.at('file-out'));
    await symlink(outside.at('missing'), folder.at('dangling'));
    await symlink('.git', folder.at('git-link'));
    await symlink('.git/config', folder.at('config-link'));
    await symlink('loop', folder.at('loop'));
    await symlink('sub', folder.at('in'));
    await symlink('sub/a.txt', folder.at('file-in'));
    for (const path of [
      'in/a.txt',
      'file-in',
      'out/x.txt',
      'out/new.txt',
      'file-out',
      'dangling',
      'git-link/config',
      'config-link',
      'loop',
      'loop/a',
    ]) {
      await expect(resolveInside(folder.path, path)).rejects.toMatchObject({ code: 'link-in-the-way', path });
    }
  });

  it('refuses everything when a link has come in the place of the folder', async () => {
    const outside = await TestFolder.create({ 'x.txt': '' });
    const folder = await TestFolder.create();
    await symlink(outside.path, folder.at('root'));
    for (const path of ['x.txt', 'new.txt']) {
      await expect(resolveInside(folder.at('root'), path)).rejects.toMatchObject({ code: 'folder-missing' });
    }
  });

  it('finds a name that the disk holds in another Unicode form', async () => {
    const folder = await TestFolder.create({ 're\u0301sume\u0301.txt': '' });
    expect((await resolveInside(folder.path, 'r\u00e9sum\u00e9.txt')).normalize('NFC')).toBe(
      folder.at('r\u00e9sum\u00e9.txt'),
    );
  });
});
