import { chmod, mkdir, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { dropPrivileges } from '../testing/without-privileges.ts';
import { watchFolder } from './folder-watcher.ts';
import { follow } from './testing/followed-folder.ts';
import { MirrorUnderTest, TestFolder } from './testing/mirror-under-test.ts';

describe('rules that cannot be read', () => {
  it('keep the new files beside them from the room, and hold up nothing else', async () => {
    dropPrivileges();
    const folder = await TestFolder.create({ 'sub/x.txt': '1', 'y.txt': '1' });
    const test = await follow(folder);
    await folder.write('sub/.gitignore', 'secret\n');
    await test.until(() => 'sub/.gitignore' in test.files.contents);
    await chmod(folder.at('sub/.gitignore'), 0);
    await test.until(() => test.problems.some(({ path }) => path.startsWith('sub')));
    await test.mirror.flush();
    await folder.write('sub/secret', 's');
    await folder.write('sub/x.txt', '2');
    await folder.write('y.txt', '2');
    await folder.write('z.txt', 'new');
    await test.until(() => 'z.txt' in test.files.contents && test.textOf('y.txt') === '2');
    await test.until(() => test.textOf('sub/x.txt') === '2');
    await test.until(() => test.problems.some(({ path }) => path === 'sub/.gitignore'));
    expect('sub/secret' in test.files.contents).toBe(false);
    expect(test.problems.find(({ path }) => path === 'sub/.gitignore')?.detail).toContain('could not be read');
  });

  it('at the top do not stop the files that are shared', async () => {
    dropPrivileges();
    const folder = await TestFolder.create({ 'y.txt': '1' });
    const test = new MirrorUnderTest(folder);
    await test.start();
    await folder.write('.gitignore', 'secret\n');
    await chmod(folder.at('.gitignore'), 0);
    await folder.write('secret', 's');
    await folder.write('y.txt', '2');
    await test.settle();
    expect(test.files.contents).toEqual({ 'y.txt': '2' });
    expect(test.openProblems).toMatchObject([{ path: '.gitignore', canRetry: true }]);
  });
});

it('node_modules is neither shared nor followed', async () => {
  const folder = await TestFolder.create({ 'node_modules/p/i.js': '1', 'pkg/node_modules/i.js': '1', 'src.js': '1' });
  const test = new MirrorUnderTest(folder);
  await test.start();
  expect(Object.keys(test.files.contents)).toEqual(['src.js']);
  const seen: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const watching = await watchFolder(folder.path, {
    onPaths: (paths) => {
      seen.push(...paths);
      if (paths.includes('src.js')) resolve();
    },
    onOverflow: () => {},
    onFailed: () => {},
  });
  try {
    await mkdir(folder.at('node_modules/q'));
    await folder.write('node_modules/p/i.js', '2');
    await folder.write('pkg/node_modules/i.js', '2');
    await folder.write('src.js', '2');
    await promise;
  } finally {
    watching.dispose();
  }
  expect(seen.filter((path) => path.includes('node_modules'))).toEqual([]);
});

it('a problem about a file that is left out ends with its cause', async () => {
  const test = await follow(await TestFolder.create({ 'A.txt': 'x', 'a.txt': 'y' }));
  const open = () => test.openProblems.map(({ path }) => path);
  expect(open()).toEqual(['a.txt']);
  await rm(test.folder.at('A.txt'));
  await test.until(() => 'a.txt' in test.files.contents && !('A.txt' in test.files.contents));
  expect(open()).toEqual([]);
});

it('what a person was told about a file ends with the file', async () => {
  const test = new MirrorUnderTest(await TestFolder.create({ 'a.txt': 'local' }));
  const id = test.files.create('a.txt', 'shared');
  await test.start();
  expect(test.openProblems).toMatchObject([{ fileId: id, canRetry: false }]);
  test.files.remove([id]);
  await test.current.flush();
  expect(test.openProblems).toEqual([]);
});
