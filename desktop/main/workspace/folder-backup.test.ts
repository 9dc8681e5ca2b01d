import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { dropPrivileges } from '../testing/without-privileges.ts';
import { backUp, backupBytes } from './folder-backup.ts';
import { ownFilesOf, previewFolder } from './folder-preview.ts';
import { MemorySharedFiles } from './testing/memory-shared-files.ts';
import { TestFolder } from './testing/mirror-under-test.ts';
import { hashBytes } from './text-format.ts';

const NOW_MS = Date.UTC(2026, 10, 28, 12, 30, 15);

async function begin(own: Readonly<Record<string, string | Uint8Array>>) {
  const data = await TestFolder.create();
  const folder = await TestFolder.create(own);
  const preview = await previewFolder({ folder: folder.path, files: new MemorySharedFiles() });
  const backupsFolder = data.at('backups');
  const options = { backupsFolder, folder: folder.path, room: 'r', files: ownFilesOf(preview), nowMs: NOW_MS };
  return { folder, backupsFolder, options };
}

it('copies files as they are, says what they are, and shuts others out', async () => {
  const { folder, backupsFolder, options } = await begin({ 'a.txt': 'a\r\n', 'sub/é.bin': new Uint8Array([0, 255]) });
  await chmod(folder.at('a.txt'), 0o640);
  const backup = await backUp({ ...options, name: 'my/room: ../x' });
  expect(backup).toBe(join(backupsFolder, 'my-room-..-x-20261128T123015Z'));
  expect(await readFile(join(backup, 'files/a.txt'), 'utf8')).toBe('a\r\n');
  expect([...(await readFile(join(backup, 'files/sub/é.bin')))]).toEqual([0, 255]);
  expect((await stat(backup)).mode & 0o777).toBe(0o700);
  const manifest: unknown = JSON.parse(await readFile(join(backup, 'backup.json'), 'utf8'));
  expect(manifest).toEqual({
    version: 1,
    name: 'my/room: ../x',
    folder: folder.path,
    room: 'r',
    madeAt: '2026-11-28T12:30:15.000Z',
    files: [
      { path: 'a.txt', sizeBytes: 3, sha256: hashBytes(Buffer.from('a\r\n')) },
      { path: 'sub/é.bin', sizeBytes: 2, sha256: hashBytes(new Uint8Array([0, 255])) },
    ],
  });
});

it('never takes the place of another backup', async () => {
  const { options, backupsFolder } = await begin({ 'a.txt': 'a' });
  const [one, other] = [await backUp({ ...options, name: 'n' }), await backUp({ ...options, name: 'n' })];
  expect(new Set([one, other]).size).toBe(2);
  expect(await readdir(backupsFolder)).toHaveLength(2);
});

it('fails as a whole where a file has changed, is gone or cannot be read, and leaves nothing', async () => {
  dropPrivileges();
  const { folder, options, backupsFolder } = await begin({ 'a.txt': 'a', 'b.txt': 'b' });
  await folder.write('b.txt', 'c');
  await expect(backUp({ ...options, name: 'n' })).rejects.toThrow('"b.txt" changed');
  await folder.write('b.txt', 'b');
  await chmod(folder.at('b.txt'), 0);
  onTestFinished(() => chmod(folder.at('b.txt'), 0o600));
  await expect(backUp({ ...options, name: 'n' })).rejects.toThrow('could not be backed up');
  expect(await readdir(backupsFolder)).toEqual([]);
});

it('asks for the room that it needs before it begins', async () => {
  const { options, backupsFolder } = await begin({ 'a.txt': 'a' });
  const files = options.files.map((file) => ({ ...file, sizeBytes: Number.MAX_SAFE_INTEGER }));
  expect(backupBytes(files)).toBe(Number.MAX_SAFE_INTEGER);
  await expect(backUp({ ...options, name: 'n', files })).rejects.toMatchObject({ code: 'disk-full' });
  expect(await readdir(backupsFolder)).toEqual([]);
});

it('says so where it cannot be put', async () => {
  const { options, folder } = await begin({ 'a.txt': 'a' });
  await mkdir(folder.at('sub'));
  const backupsFolder = folder.at('a.txt');
  const failing = backUp({ ...options, backupsFolder, name: 'n' });
  await expect(failing).rejects.toThrow('Nothing was changed.');
});
