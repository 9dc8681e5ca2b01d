import { mkdir, symlink } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { isCovered, previewFolder } from './folder-preview.ts';
import { MemorySharedFiles } from './testing/memory-shared-files.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

const LARGE = new Uint8Array(5 * 1024 * 1024 + 1).fill(97);

function room(texts: Readonly<Record<string, string>>): MemorySharedFiles {
  const files = new MemorySharedFiles();
  for (const [path, text] of Object.entries(texts)) files.create(path, text);
  return files;
}

it('sorts what folder and room have, and writes nothing', async () => {
  const folder = await TestFolder.create({
    '.gitignore': 'build/\n',
    'same.txt': 'same\r\n',
    'different.txt': 'mine\n',
    'mine.txt': 'mine\n',
    'sub/mine.bin': new Uint8Array([0, 1, 2]),
    'build/out.js': 'out',
    'large.log': LARGE,
    'data.bin': new Uint8Array([0, 1]),
    'text.txt': new Uint8Array([0, 1]),
  });
  await symlink(folder.at('mine.txt'), folder.at('link.txt'));
  const before = await folder.contents();
  const files = room({
    '.gitignore': 'build/\n',
    'same.txt': 'same\n',
    'different.txt': 'room\n',
    'room.txt': 'room\n',
    'link.txt': 'room\n',
    'text.txt': 'room\n',
  });
  files.create('data.bin', '', { kind: 'binary', sizeBytes: 2 });
  const preview = await previewFolder({ folder: folder.path, files });
  expect(preview).toMatchObject({
    folder: folder.path,
    same: ['.gitignore', 'same.txt'],
    onlyHere: [
      { path: 'mine.txt', sizeBytes: 5 },
      { path: 'sub/mine.bin', hash: '' },
    ],
    onlyInRoom: ['room.txt'],
    different: [{ path: 'different.txt', fileId: files.idOf('different.txt'), roomText: 'room\n' }],
    tooLarge: [{ path: 'large.log', sizeBytes: LARGE.length }],
  });
  expect(preview.leftOut.map(({ path }) => path)).toEqual(['build', 'data.bin', 'link.txt', 'text.txt']);
  expect(await folder.contents()).toEqual(before);
  expect(files.contents['different.txt']).toBe('room\n');
});

it('a folder that was changed since is not covered by what was seen, and one that lost something is', async () => {
  const folder = await TestFolder.create({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
  const files = room({ 'b.txt': 'room\n' });
  const look = () => previewFolder({ folder: folder.path, files });
  const seen = await look();
  expect(isCovered(await look(), seen)).toBe(true);
  files.insert(files.idOf('b.txt'), 0, 'the room may go on: ');
  expect(isCovered(await look(), seen)).toBe(true);
  await folder.write('a.txt', 'b\n');
  expect(isCovered(await look(), seen)).toBe(false);
  await folder.write('a.txt', 'a\n');
  await folder.write('b.txt', 'mine\n');
  expect(isCovered(await look(), seen)).toBe(false);
  await folder.write('b.txt', 'room\n');
  const other = room({ 'a.txt': 'other\n', 'b.txt': 'room\n' });
  // What was only here is in the room as well by now.
  expect(isCovered(await previewFolder({ folder: folder.path, files: other }), seen)).toBe(false);
});

it('says that a folder is gone', async () => {
  const folder = await TestFolder.create();
  await mkdir(folder.at('sub'));
  const looking = previewFolder({ folder: folder.at('nowhere'), files: room({}) });
  await expect(looking).rejects.toMatchObject({ code: 'folder-missing' });
});
