import { chmod, mkdir, readdir, rename, stat, symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { identifyFile } from './path-kind.ts';
import { FailingWrites, TestFolder } from './testing/mirror-under-test.ts';
import { hashOnDisk, movedIdentityOf, readDiskFile, saveFile } from './text-file.ts';
import { decodeText, encodeText, hashBytes } from './text-format.ts';

const bytesOf = (text: string) => Buffer.from(text, 'utf8');

describe('decodeText and encodeText', () => {
  it('give back the same bytes, 500 random texts of uniform line ends', () => {
    const random = createSeededRandom(4);
    for (let round = 0; round < 500; round++) {
      const eol = random.pick(['\n', '\r\n']);
      const lines = Array.from({ length: random.below(6) }, () =>
        random.pick(['', 'word', 'é', '😀', '\ufeffinner', ' \t']),
      );
      const bytes = bytesOf((random.chance(0.3) ? '\ufeff' : '') + lines.join(eol));
      const decoded = decodeText(bytes);
      if (decoded.kind !== 'text') throw new Error('this is text');
      expect(decoded.text).not.toContain('\r');
      expect(encodeText(decoded.text, decoded.format).equals(bytes)).toBe(true);
    }
  });

  it('take the majority of mixed line ends', () => {
    expect(decodeText(bytesOf('a\r\nb\r\nc\n'))).toMatchObject({
      text: 'a\nb\nc\n',
      format: { eol: 'CRLF' },
      mixedText: 'a\r\nb\r\nc\n',
    });
    expect(decodeText(bytesOf('a\rb'))).toMatchObject({ text: 'a\nb', format: { eol: 'LF' }, mixedText: 'a\rb' });
  });
});

describe('readDiskFile', () => {
  it('tells what is there', async () => {
    const folder = await TestFolder.create({ 'a.txt': 'one\r\n', 'b.bin': new Uint8Array([0]) });
    await mkdir(folder.at('dir'));
    expect(await readDiskFile(folder.at('a.txt'), { root: folder.path, path: 'a.txt' })).toEqual({
      kind: 'text',
      text: 'one\n',
      format: { eol: 'CRLF', bom: false },
      hash: hashBytes(bytesOf('one\r\n')),
      sizeBytes: 5,
      identity: await identifyFile(folder.at('a.txt')),
    });
    expect(await readDiskFile(folder.at('b.bin'), { root: folder.path, path: 'b.bin' })).toEqual({
      kind: 'binary',
      sizeBytes: 1,
    });
    expect(await readDiskFile(folder.at('a.txt'), { root: folder.path, path: 'a.txt', maxBytes: 4 })).toEqual({
      kind: 'oversized',
      sizeBytes: 5,
    });
    expect(await readDiskFile(folder.at('none'), { root: folder.path, path: 'none' })).toEqual({ kind: 'missing' });
    expect(await readDiskFile(folder.at('a.txt/below'), { root: folder.path, path: 'a.txt/below' })).toEqual({
      kind: 'missing',
    });
    await expect(readDiskFile(folder.at('dir'), { root: folder.path, path: 'dir' })).rejects.toMatchObject({
      code: 'name-taken',
      path: 'dir',
    });
  });
});

describe('readDiskFile, on what is and is not text', () => {
  it.each([
    ['text', 'nothing at all', ''],
    ['text', 'UTF-8', 'é 😀'],
    ['binary', 'a NUL', new Uint8Array([65, 0, 66])],
    ['text', 'a NUL far inside', `${'x'.repeat(9000)}\0`],
    ['binary', 'another encoding', new Uint8Array([0xe9, 0x20])],
    ['oversized', 'more than 5 MiB', 'x'.repeat(5 * 1024 * 1024 + 1)],
  ])('calls it %s: %s', async (kind, _what, content) => {
    const folder = await TestFolder.create({ file: content });
    expect(await readDiskFile(folder.at('file'), { root: folder.path, path: 'file' })).toMatchObject({ kind });
  });
});

describe('a file that others take turns to be', () => {
  it('is read as one of them, and leads nowhere else', async () => {
    const folder = await TestFolder.create({ a: 'one', b: 'two' });
    let isOver = false;
    const takeTurns = async () => {
      while (!isOver) {
        await rename(folder.at('a'), folder.at('c'));
        await rename(folder.at('b'), folder.at('a'));
        await rename(folder.at('c'), folder.at('b'));
      }
    };
    const turns = takeTurns();
    const read = async () => {
      const disk = await readDiskFile(folder.at('a'), { root: folder.path, path: 'a' });
      return disk.kind === 'text' ? disk.text : disk.kind;
    };
    try {
      for (let count = 0; count < 500; count++) expect(['one', 'two', 'missing']).toContain(await read());
    } finally {
      isOver = true;
      await turns;
    }
  });
});

describe('saveFile', () => {
  it('replaces a file with its permissions, and leaves nothing behind', async () => {
    const folder = await TestFolder.create({ 'a.sh': 'old' });
    await chmod(folder.at('a.sh'), 0o750);
    expect(await saveFile(folder.at('a.sh'), bytesOf('new'), { path: 'a.sh' })).toBe(true);
    expect(await folder.read('a.sh')).toBe('new');
    expect((await stat(folder.at('a.sh'))).mode & 0o777).toBe(0o750);
    expect(await readdir(folder.path)).toEqual(['a.sh']);
    expect(hashOnDisk(folder.at('a.sh'))).toBe(hashBytes(bytesOf('new')));
  });

  it.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EACCES', 'permission-denied'],
    ['EIO', 'io'],
  ])('keeps the old file on %s, and removes its temporary one', async (errno, code) => {
    const folder = await TestFolder.create({ 'a.txt': 'old' });
    const writes = new FailingWrites();
    writes.errno = errno;
    await expect(saveFile(folder.at('a.txt'), bytesOf('new'), { path: 'a.txt', writes })).rejects.toMatchObject({
      code,
      path: 'a.txt',
    });
    expect(await folder.contents()).toEqual({ 'a.txt': 'old' });
  });

  it('gives up when the file is not what was to be replaced', async () => {
    const folder = await TestFolder.create({ 'a.txt': 'old' });
    expect(await saveFile(folder.at('a.txt'), bytesOf('new'), { path: 'a.txt', isStillWanted: () => false })).toBe(
      false,
    );
    expect(await folder.contents()).toEqual({ 'a.txt': 'old' });
  });
});

describe('a link', () => {
  it('is not followed, wherever it leads', async () => {
    const outside = await TestFolder.create({ 'secret.txt': 'secret\n' });
    const folder = await TestFolder.create({ 'a.txt': 'one\n' });
    await symlink(folder.at('a.txt'), folder.at('inside.txt'));
    await symlink(outside.at('secret.txt'), folder.at('out.txt'));
    await symlink('nowhere', folder.at('dangling.txt'));
    await symlink(outside.path, folder.at('folder'));
    const root = folder.path;
    for (const path of ['inside.txt', 'out.txt', 'dangling.txt']) {
      const refusal = { code: 'link-in-the-way', path };
      await expect(readDiskFile(folder.at(path), { root, path })).rejects.toMatchObject(refusal);
      expect(hashOnDisk(folder.at(path))).toBe('');
    }
    const path = 'folder/secret.txt';
    await expect(readDiskFile(folder.at(path), { root, path })).rejects.toMatchObject({ code: 'outside-folder', path });
  });
});

it('is known under another name by its inode, and by its content where the disk does not keep when it was born', () => {
  const stats = { ino: 7n, birthtimeNs: 1_700_000_000_123_456_789n, nlink: 1n };
  expect(movedIdentityOf(stats, 'one')).toBe(movedIdentityOf(stats, 'two'));
  const unborn = { ...stats, birthtimeNs: 0n };
  expect(movedIdentityOf(unborn, 'one')).toBe(movedIdentityOf({ ...unborn }, 'one'));
  expect(movedIdentityOf(unborn, 'one')).not.toBe(movedIdentityOf(unborn, 'two'));
  expect(movedIdentityOf({ ...stats, nlink: 2n }, 'one')).toBeUndefined();
  expect(movedIdentityOf({ ...unborn, ino: 0n }, 'one')).toBeUndefined();
});
