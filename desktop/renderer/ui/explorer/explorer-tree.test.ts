import { describe, expect, it } from 'vitest';
import type { WorkspaceFile } from '../workbench-model.ts';
import { ancestorIds, buildExplorerTree, DRAFT_ID, filesBelow, folderId, ROOT_ID } from './explorer-tree.ts';

function files(...paths: string[]): WorkspaceFile[] {
  return paths.map((path) => ({ fileId: path, path, kind: 'text', sizeBytes: undefined }));
}

function names(paths: string[], folder = ROOT_ID): string[] {
  const tree = buildExplorerTree(files(...paths), [], undefined);
  return (tree.children.get(folder) ?? []).map((id) => tree.nodes.get(id)?.name ?? '');
}

describe('buildExplorerTree', () => {
  it('derives folders from paths and puts them first, by name as people sort', () => {
    expect(names(['b.ts', 'a10.ts', 'a2.ts', 'src/x.ts', 'Docs/y.md'])).toEqual([
      'Docs',
      'src',
      'a2.ts',
      'a10.ts',
      'b.ts',
    ]);
  });

  it('keeps folders that have no file yet, and the draft on top of its folder', () => {
    const tree = buildExplorerTree(files('a.ts'), ['new/deep'], 'new');
    expect(tree.children.get(folderId('new'))).toEqual([DRAFT_ID, folderId('new/deep')]);
  });

  it('takes names that mean something elsewhere as plain names', () => {
    expect(names(['__proto__/constructor.ts', '<img src=x>.html'])).toEqual(['__proto__', '<img src=x>.html']);
    expect(names(['__proto__/constructor.ts'], folderId('__proto__'))).toEqual(['constructor.ts']);
  });

  it('lists the files below a folder', () => {
    const tree = buildExplorerTree(files('src/a.ts', 'src/deep/b.ts', 'c.ts'), [], undefined);
    expect(
      filesBelow(tree, folderId('src'))
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['src/a.ts', 'src/deep/b.ts']);
  });
});

describe('ancestorIds', () => {
  it('names the folders on the way', () => {
    expect(ancestorIds('a/b/c.ts')).toEqual([folderId('a'), folderId('a/b')]);
    expect(ancestorIds('c.ts')).toEqual([]);
  });
});
