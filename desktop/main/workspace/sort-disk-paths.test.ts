import { chmod } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { dropPrivileges } from '../testing/without-privileges.ts';
import { BaseIndex } from './base-index.ts';
import { sortDiskPaths } from './sort-disk-paths.ts';
import { MemoryMirrorBases, MemorySharedFiles } from './testing/memory-shared-files.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

it('leaves out what lies beside rules that cannot be read, and nothing else', async () => {
  dropPrivileges();
  const folder = await TestFolder.create({
    'sub/.gitignore': 'secret\n',
    'sub/secret': 's',
    'sub/x.txt': 'x',
    'y.txt': 'y',
    'z.txt': 'z',
  });
  await chmod(folder.at('sub/.gitignore'), 0);
  const files = new MemorySharedFiles();
  const ids = [files.create('sub/x.txt', 'x'), files.create('y.txt', 'y')];
  const problems: string[] = [];
  const sorted = await sortDiskPaths(['sub/secret', 'sub/x.txt', 'y.txt', 'z.txt', 'sub'], {
    root: folder.path,
    files,
    bases: new BaseIndex(new MemoryMirrorBases()),
    onProblem: ({ path, message }) => problems.push(`${path}: ${message}`),
  });
  if (sorted === 'rules') throw new Error('no rules have changed');
  expect([...sorted.knownIds]).toEqual(ids);
  expect(sorted.found.map(({ path }) => path)).toEqual(['z.txt']);
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) expect(problem).toMatch(/^sub\/\.gitignore: "sub\/\.gitignore" could not be read/);
});
