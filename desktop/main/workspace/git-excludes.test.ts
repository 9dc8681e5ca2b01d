import { expect, it } from 'vitest';
import type { GitUser } from './git-config.ts';
import { GitExcludes } from './git-excludes.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { startMirror, TestFolder } from './testing/mirror-under-test.ts';

const REPOSITORY = { '.git/HEAD': 'ref: refs/heads/main\n' };

function userOf(folder: TestFolder): GitUser {
  return { home: folder.at('home'), configHome: folder.at('home/.config'), globalConfig: undefined };
}

async function rulesOf(folder: TestFolder, root: string): Promise<IgnoreRules> {
  const rules = new IgnoreRules(folder.at(root), new GitExcludes(folder.at(root), userOf(folder)));
  await rules.readFolder('');
  return rules;
}

it('heeds what only this repository leaves out, and lets a .gitignore say otherwise', async () => {
  const folder = await TestFolder.create({
    'project/.git/HEAD': 'ref: refs/heads/main\n',
    'project/.git/info/exclude': '# mine\n/notes\n*.tmp\n',
    'project/.gitignore': '!kept.tmp\n',
  });
  const rules = await rulesOf(folder, 'project');
  expect(rules.ignores('notes', true)).toBe(true);
  expect(rules.ignores('notes/a.txt', false)).toBe(true);
  expect(rules.ignores('src/notes', true)).toBe(false);
  expect(rules.ignores('src/x.tmp', false)).toBe(true);
  expect(rules.ignores('kept.tmp', false)).toBe(false);
});

it.each([
  ['where Git looks for it', {}, 'home/.config/git/ignore'],
  ['where ~/.gitconfig says', { 'home/.gitconfig': '[core]\n\texcludesFile = ~/mine # all\n' }, 'home/mine'],
  [
    'where a file says that ~/.gitconfig includes',
    {
      'home/.gitconfig': '[user]\n\tname = A\n[include]\n\tpath = more.inc\n',
      'home/more.inc': '[CORE]\nEXCLUDESFILE = "~/with space"\n',
    },
    'home/with space',
  ],
  [
    'where the repository says, rather than the person',
    {
      'home/.gitconfig': '[core]\n\texcludesFile = ~/other\n',
      'project/.git/config': '[core]\n\tbare = false\n\texcludesfile = ../mine\n',
    },
    'mine',
  ],
])('heeds what a person leaves out of all repositories, %s', async (_where, config, path) => {
  const folder = await TestFolder.create({ 'project/.git/HEAD': 'ref: x', [path]: '.idea/\n', ...config });
  const rules = await rulesOf(folder, 'project');
  expect(rules.ignores('.idea', true)).toBe(true);
  expect(rules.ignores('idea', true)).toBe(false);
});

it('heeds the rules above a folder of a repository, unless they leave out that folder itself', async () => {
  const folder = await TestFolder.create({
    'project/.git/HEAD': 'ref: x',
    'project/.gitignore': 'dist/\n/packages/a/private\n',
    'project/packages/.gitignore': '*.log\nbuild/\n',
    'project/packages/a/x': '',
    'project/packages/build/x': '',
  });
  const inner = await rulesOf(folder, 'project/packages/a');
  expect(inner.ignores('dist', true)).toBe(true);
  expect(inner.ignores('private', false)).toBe(true);
  expect(inner.ignores('x.log', false)).toBe(true);
  expect(inner.ignores('x', false)).toBe(false);
  const opened = await rulesOf(folder, 'project/packages/build');
  expect(opened.ignores('x', false)).toBe(false);
  expect(opened.ignores('dist', true)).toBe(false);
});

it('is nothing to a folder without a repository', async () => {
  const folder = await TestFolder.create({ 'home/.config/git/ignore': '*\n', 'plain/x': '' });
  expect((await rulesOf(folder, 'plain')).ignores('x', false)).toBe(false);
});

it('what is left out so is not shared', async () => {
  const test = await startMirror({ ...REPOSITORY, '.git/info/exclude': 'mine\n', mine: 'secret\n', 'a.txt': 'a\n' });
  expect(Object.keys(test.files.contents)).toEqual(['a.txt']);
  await test.folder.write('.git/info/exclude', 'a.txt\n');
  await test.settle();
  expect(Object.keys(test.files.contents).toSorted()).toEqual(['a.txt', 'mine']);
});
