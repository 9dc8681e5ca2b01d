import { readdir, rename, rm, symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { scanFolder } from './folder-scan.ts';
import { TestFolder } from './testing/mirror-under-test.ts';
import type { WorkspaceError } from './workspace-error.ts';

async function scan(folder: TestFolder, readFolder?: Parameters<typeof scanFolder>[1]['readFolder']) {
  const problems: WorkspaceError[] = [];
  const entries: string[] = [];
  const onProblem = (problem: WorkspaceError) => problems.push(problem);
  for await (const batch of scanFolder(folder.path, { onProblem, ...(readFolder ? { readFolder } : {}) })) {
    entries.push(...batch.map(({ path, kind }) => `${path} ${kind}`));
  }
  return { entries: entries.sort(), problems };
}

describe('scanFolder', () => {
  it('heeds .gitignore at every level as Git does', async () => {
    const folder = await TestFolder.create({
      '.gitignore': '*.log\n/only-here.txt\nbuild/\n!keep.log\n# comment\n\\#hash\n',
      'keep.log': '',
      'x.log': '',
      'only-here.txt': '',
      'sub/only-here.txt': '',
      'sub/.gitignore': '!x.log\n*.tmp\n/deep/a\n',
      'sub/x.log': '',
      'sub/y.tmp': '',
      'sub/deep/a': '',
      'sub/deep/b/a': '',
      'build/out.js': '',
      'build/keep.log': '',
      'y.tmp': '',
      '#hash': '',
      'odd [1]/.gitignore': 'secret\n',
      'odd [1]/secret': '',
      'odd [1]/open': '',
    });
    expect((await scan(folder)).entries).toEqual(
      [
        '.gitignore text',
        'keep.log text',
        'odd [1]/.gitignore text',
        'odd [1]/open text',
        'sub/.gitignore text',
        'sub/deep/b/a text',
        'sub/only-here.txt text',
        'sub/x.log text',
        'y.tmp text',
      ].sort(),
    );
  });

  it('tells text from what is none', async () => {
    const folder = await TestFolder.create({
      empty: '',
      zero: new Uint8Array([65, 0, 66]),
      latin1: new Uint8Array([0xe9, 0x20]),
      utf8: 'é 😀',
      'late-nul': `${'x'.repeat(9000)}\0`,
      big: 'x'.repeat(5 * 1024 * 1024 + 1),
    });
    expect((await scan(folder)).entries).toEqual(
      ['big oversized', 'empty text', 'late-nul text', 'latin1 binary', 'utf8 text', 'zero binary'].sort(),
    );
  });

  it('leaves out Git, our own files, links to folders, links out and links that lead nowhere', async () => {
    const outside = await TestFolder.create({ 'x.txt': 'x' });
    const folder = await TestFolder.create({
      '.git/config': '',
      'sub/.GIT/config': '',
      '.tutti-0123456789abcdef.tmp': '',
      'a.txt.local-20260101T000000Z': '',
      'a.txt': '',
    });
    await symlink(outside.path, folder.at('folder-out'));
    await symlink(outside.at('x.txt'), folder.at('file-out'));
    await symlink(folder.at('sub'), folder.at('folder-in'));
    await symlink(folder.at('a.txt'), folder.at('file-in'));
    await symlink(folder.at('.git/config'), folder.at('file-git'));
    await symlink('loop', folder.at('loop'));
    await symlink('nowhere', folder.at('nowhere'));
    const { entries, problems } = await scan(folder);
    expect(entries).toEqual(['a.txt text', 'file-in text']);
    expect(problems).toEqual([]);
  });

  it('tells of names that cannot be shared, and goes on', async () => {
    const folder = await TestFolder.create({ 'a\\b.txt': '', 'nul.txt': '', 'bad.': '', 'fine.txt': '' });
    const { entries, problems } = await scan(folder);
    expect(entries).toEqual(['fine.txt text']);
    expect(problems.map(({ code, path }) => `${code} ${path}`).sort()).toEqual([
      'unusable-name a\\b.txt',
      'unusable-name bad.',
      'unusable-name nul.txt',
    ]);
  });

  it('tells of a sub-folder that cannot be read, and goes on', async () => {
    const folder = await TestFolder.create({ 'locked/a.txt': '', 'open/b.txt': '' });
    const { entries, problems } = await scan(folder, async (path) => {
      if (path.endsWith('locked')) throw Object.assign(new Error('no'), { code: 'EACCES' });
      return readdir(path, { withFileTypes: true });
    });
    expect(entries).toEqual(['open/b.txt text']);
    expect(problems).toMatchObject([{ code: 'folder-unreadable', path: 'locked' }]);
  });

  it('rejects for a folder that is not there, or is none', async () => {
    const folder = await TestFolder.create({ file: '' });
    const opened = async (path: string) => {
      for await (const batch of scanFolder(path, { onProblem: () => {} })) expect(batch).toEqual([]);
    };
    await expect(opened(folder.at('missing'))).rejects.toMatchObject({ code: 'folder-missing' });
    await expect(opened(folder.at('file'))).rejects.toMatchObject({ code: 'not-a-folder' });
    await rename(folder.at('file'), folder.at('moved'));
    await rm(folder.at('moved'));
    await expect(opened(folder.path)).resolves.toBeUndefined();
  });
});
