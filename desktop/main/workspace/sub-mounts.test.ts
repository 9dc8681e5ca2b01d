import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { MemoryMirrorNotes } from './mirror-notes.ts';
import { SubMounts } from './sub-mounts.ts';
import { MirrorUnderTest, TestFolder } from './testing/mirror-under-test.ts';

it('finds the drives below a folder', async () => {
  const notes = new MemoryMirrorNotes();
  const mounts = new SubMounts('/', notes);
  await mounts.learn(['dev/null', 'usr/bin/env']);
  expect(notes.names('mount')).toEqual(['dev']);
  await mounts.assert('dev/null');
});

it('what was on a drive that is not mounted is deleted neither on disk nor in the room, and comes back', async () => {
  const notes = new MemoryMirrorNotes();
  const test = new MirrorUnderTest(await TestFolder.create({ 'drive/a.txt': 'a', 'b.txt': 'b' }), { notes });
  await test.start();
  // As it is while the drive is away: its folder is there, and empty.
  notes.set('mount', 'drive', '');
  await rm(test.folder.at('drive/a.txt'));
  await test.settle();
  await test.advance(1_000);
  expect(test.files.contents).toEqual({ 'drive/a.txt': 'a', 'b.txt': 'b' });
  expect(test.openProblems).toMatchObject([{ path: 'drive/a.txt', title: 'A drive is not mounted.', canRetry: true }]);
  const id = test.files.idOf('drive/a.txt');
  test.files.insert(id, 1, 'a');
  await test.settle();
  expect(await test.folder.contents()).toEqual({ 'b.txt': 'b' });
  await test.folder.write('drive/a.txt', 'a');
  await test.settle();
  expect(await test.folder.contents()).toEqual({ 'b.txt': 'b', 'drive/a.txt': 'aa' });
  expect(test.openProblems).toEqual([]);
  // Whoever deletes it in the room means it.
  await rm(test.folder.at('drive/a.txt'));
  test.files.remove([id]);
  await test.settle();
  expect(test.openProblems).toEqual([]);
});
