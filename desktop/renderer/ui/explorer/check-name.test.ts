import { expect, it } from 'vitest';
import { explainBadName } from './check-name.ts';
import { buildExplorerTree } from './explorer-tree.ts';

const tree = buildExplorerTree(
  ['README', 'lib/a.ts'].map((path) => ({ fileId: path, path, kind: 'text', sizeBytes: undefined })),
  [],
  undefined,
);

it('refuses a name below a file, and lets a file move below its own name', () => {
  expect(explainBadName(tree, { folder: '', name: 'README/x', ownPath: undefined })).toContain('"README" is a file');
  expect(explainBadName(tree, { folder: 'lib', name: 'a.ts/b/c', ownPath: undefined })).toContain(
    '"lib/a.ts" is a file',
  );
  expect(explainBadName(tree, { folder: '', name: 'README/x', ownPath: 'lib/a.ts' })).toContain('"README" is a file');
  expect(explainBadName(tree, { folder: '', name: 'README/README', ownPath: 'README' })).toBeUndefined();
  expect(explainBadName(tree, { folder: '', name: 'README2/x', ownPath: undefined })).toBeUndefined();
});
