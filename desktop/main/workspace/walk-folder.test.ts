import { mkdir, readdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { IgnoreRules } from './ignore-rules.ts';
import { TestFolder } from './testing/mirror-under-test.ts';
import { openFolder, walkFolder, type WalkOptions } from './walk-folder.ts';
import type { WorkspaceError } from './workspace-error.ts';

async function walk(folder: TestFolder, readFolder?: WalkOptions['readFolder']) {
  const problems: WorkspaceError[] = [];
  const paths: string[] = [];
  const rootRealPath = await openFolder(folder.path);
  const options = { rootRealPath, rules: new IgnoreRules(rootRealPath), ...(readFolder ? { readFolder } : {}) };
  for await (const files of walkFolder({ ...options, onProblem: (problem) => problems.push(problem) })) {
    paths.push(...files.map(({ path }) => path));
  }
  return { paths: paths.sort(), problems };
}

describe('walkFolder', () => {
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
    expect((await walk(folder)).paths).toEqual(
      [
        '.gitignore',
        'keep.log',
        'odd [1]/.gitignore',
        'odd [1]/open',
        'sub/.gitignore',
        'sub/deep/b/a',
        'sub/only-here.txt',
        'sub/x.log',
        'y.tmp',
      ].sort(),
    );
  });

  it('leaves out Git, our own files and links, wherever they lead', async () => {
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
    const { paths, problems } = await walk(folder);
    expect(paths).toEqual(['a.txt']);
    expect(problems).toEqual([]);
  });

  it('tells of names that cannot be shared, and goes on', async () => {
    const folder = await TestFolder.create({ 'a\\b.txt': '', 'nul.txt': '', 'bad.': '', 'fine.txt': '' });
    const { paths, problems } = await walk(folder);
    expect(paths).toEqual(['fine.txt']);
    expect(problems.map(({ code, path }) => `${code} ${path}`).sort()).toEqual([
      'unusable-name a\\b.txt',
      'unusable-name bad.',
      'unusable-name nul.txt',
    ]);
  });

  it('tells of names that are not UTF-8, also of folders', async () => {
    const folder = await TestFolder.create({ 'a.txt': '', 'really \ufffd.txt': '' });
    const bad = (name: string) => Buffer.concat([Buffer.from(`${folder.path}/${name}`), Buffer.from([0xff, 0xfe])]);
    // Some file systems have no such names.
    const isMade = (making: Promise<unknown>) =>
      making.then(
        () => true,
        () => false,
      );
    const areMade = [await isMade(writeFile(bad('file'), 'x')), await isMade(mkdir(bad('folder')))];
    const { paths, problems } = await walk(folder);
    expect(paths).toEqual(['a.txt', 'really \ufffd.txt']);
    const explanation = (name: string) =>
      `"${name}\ufffd\ufffd" is not shared: its name is not valid Unicode. Rename it to share it.`;
    expect(problems.map(({ code, message }) => [code, message])).toEqual(
      ['file', 'folder'].filter((_, at) => areMade[at]).map((name) => ['unusable-name', explanation(name)]),
    );
  });

  it('tells of a sub-folder that cannot be read, and goes on', async () => {
    const folder = await TestFolder.create({ 'locked/a.txt': '', 'open/b.txt': '' });
    const { paths, problems } = await walk(folder, async (path) => {
      if (path.endsWith('locked')) throw Object.assign(new Error('no'), { code: 'EACCES' });
      return readdir(path, { withFileTypes: true });
    });
    expect(paths).toEqual(['open/b.txt']);
    expect(problems).toMatchObject([{ code: 'folder-unreadable', path: 'locked' }]);
  });
});

describe('openFolder', () => {
  it('rejects for a folder that is not there, or is none', async () => {
    const folder = await TestFolder.create({ file: '' });
    await expect(openFolder(folder.at('missing'))).rejects.toMatchObject({ code: 'folder-missing' });
    await expect(openFolder(folder.at('file'))).rejects.toMatchObject({ code: 'not-a-folder' });
    await expect(openFolder(folder.path)).resolves.toBe(await realpath(folder.path));
  });
});
