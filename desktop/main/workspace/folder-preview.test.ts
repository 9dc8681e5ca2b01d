import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { isCovered, previewFolder } from './folder-preview.ts';
import { MemorySharedFiles } from './testing/memory-shared-files.ts';
import { TestFolder } from './testing/mirror-under-test.ts';
import { hashBytes } from './text-format.ts';

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
  expect(preview.leftOut.map(({ path }) => path)).toEqual(['build']);
  expect(preview.replaced).toMatchObject([{ path: 'text.txt', sizeBytes: 2, roomText: 'room\n', roomBlob: undefined }]);
  expect(preview.blocked.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
    expect.stringMatching(/^data\.bin: .*does not have its content yet/),
    expect.stringMatching(/^link\.txt: .*is a link on this disk/),
  ]);
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

it('says what the room cannot bring to the folder, and what takes the place of what is there', async () => {
  const picture = new Uint8Array([0, 1, 2]);
  const folder = await TestFolder.create({ 'pic.png': picture, docs: 'a file\n', 'a/b.txt': 'in a folder\n' });
  await symlink('a', folder.at('linked'));
  const files = room({ 'docs/a.md': 'room\n', a: 'room\n', 'linked/y.txt': 'room\n' });
  const blob = hashBytes(Buffer.from('room'));
  files.create('pic.png', '', { kind: 'binary', sizeBytes: 4, blob });
  const preview = await previewFolder({ folder: folder.path, files });
  expect(preview.replaced).toEqual([
    {
      path: 'pic.png',
      fileId: files.idOf('pic.png'),
      absolutePath: folder.at('pic.png'),
      sizeBytes: 3,
      hash: hashBytes(picture),
      roomText: undefined,
      roomBlob: blob,
    },
  ]);
  expect(preview.blocked.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
    expect.stringMatching(/^a: .*a folder has its name/),
    expect.stringMatching(/^docs\/a\.md: "docs" is a file in the folder/),
    expect.stringMatching(/^linked\/y\.txt: .*"linked", which is a link/),
  ]);
  expect(preview.onlyInRoom).toEqual([]);
  // It is looked at again when it has changed.
  await folder.write('pic.png', new Uint8Array([3, 4, 5]));
  expect(isCovered(await previewFolder({ folder: folder.path, files }), preview)).toBe(false);
});

it('names a file that differs from one of the room only in case, and what it would be called there', async () => {
  const folder = await TestFolder.create({ 'case.txt': 'mine\n', 'other.txt': 'mine\n' });
  if (existsSync(folder.at('CASE.TXT'))) return;
  await folder.write('Other.txt', 'theirs\n');
  const files = room({ 'Case.txt': 'room\n', 'case (2).txt': 'room\n', 'Other.txt': 'room\n' });
  const preview = await previewFolder({ folder: folder.path, files });
  expect(preview.onlyHere).toMatchObject([{ path: 'case.txt', twin: { path: 'Case.txt', sharedAs: 'case (3).txt' } }]);
  expect(preview.leftOut.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
    expect.stringMatching(/^other\.txt: .*"Other\.txt"/),
  ]);
});

it('says that a folder is gone', async () => {
  const folder = await TestFolder.create();
  await mkdir(folder.at('sub'));
  const looking = previewFolder({ folder: folder.at('nowhere'), files: room({}) });
  await expect(looking).rejects.toMatchObject({ code: 'folder-missing' });
});
