import { mkdir, rmdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { Durability } from './durability.ts';
import { MirrorOnDevice } from './testing/mirror-on-device.ts';
import { MirrorUnderTest, TestFolder } from './testing/mirror-under-test.ts';
import { type DiskWrites, systemDiskWrites } from './text-file.ts';

/** Does something at every step before a loss of power, and checks what the next process makes of it. */
async function forEveryStep(
  files: Readonly<Record<string, string>>,
  act: (device: MirrorOnDevice) => Promise<void> | void,
  check: (device: MirrorOnDevice, roomAfterLoss: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> {
  for (let steps = 0, isOver = false; !isOver; steps++) {
    const device = await MirrorOnDevice.start(files);
    await act(device);
    device.memory.commit();
    device.memory.process.plan(steps);
    await device.test.settle();
    isOver = !device.hasEnded;
    device.memory.commit();
    await device.end();
    // The worst case: all that was committed was brought to the disk, and of the folder only what had to be.
    device.memory.lose(createSeededRandom(steps), 'end of the process');
    await device.disk.losePower((unsafe) => unsafe);
    const roomAfterLoss = device.test.files.contents;
    await device.startAgain();
    await device.test.settle();
    await check(device, roomAfterLoss);
  }
}

/** Loses all that a device need not have kept of its own, and nothing of the folder. */
const WORST_FOR_MEMORY = { ...createSeededRandom(1), below: () => 0 };

describe('a loss of power', () => {
  it('does not undo in the room what was being written to the disk', () =>
    forEveryStep(
      { 'a.txt': 'one\n' },
      ({ test }) => test.files.insert(test.files.idOf('a.txt'), 0, 'edit '),
      async ({ test }) => {
        expect(test.files.contents).toEqual({ 'a.txt': 'edit one\n' });
        expect(await test.folder.contents()).toEqual({ 'a.txt': 'edit one\n' });
      },
    ));

  it('does not bring back what the room removed', () =>
    forEveryStep(
      { 'a.txt': 'one\n', 'sub/b.txt': 'two\n' },
      ({ test }) => test.files.remove([test.files.idOf('sub/b.txt')]),
      async ({ test }) => {
        expect(test.files.contents).toEqual({ 'a.txt': 'one\n' });
        expect(await test.folder.contents()).toEqual({ 'a.txt': 'one\n' });
      },
    ));

  it('does not undo a rename in the room', () =>
    forEveryStep(
      { 'a.txt': 'one\n', 'b.txt': 'two\n' },
      ({ test }) => test.files.update(test.files.idOf('a.txt'), { path: 'new/folder/a.txt' }),
      async ({ test }) => {
        expect(test.files.contents).toEqual({ 'b.txt': 'two\n', 'new/folder/a.txt': 'one\n' });
        expect(await test.folder.contents()).toEqual(test.files.contents);
        expect(test.files.idOf('new/folder/a.txt')).toBe('f1');
      },
    ));

  // The room's list is as old as the bases then, and what looks deleted would take what others have written with it.
  it.each<[string, (device: MirrorOnDevice) => Promise<void> | void, string]>([
    ['nobody', () => {}, 'one\n'],
    ['another program', ({ test }) => test.folder.write('a.txt', 'one\ndisk\n'), 'one\ndisk\n'],
    ['the room', ({ test }) => test.files.insert('f1', 0, 'room '), 'room one\n'],
  ])('does not make another file of one that was renamed and that %s changed', async (_who, change, expected) => {
    for (let steps = 0, isOver = false; !isOver; steps++) {
      const device = await MirrorOnDevice.start({ 'a.txt': 'one\n' });
      const { test, memory } = device;
      await change(device);
      test.files.update('f1', { path: 'new/b.txt' });
      memory.commit();
      memory.process.plan(steps);
      await test.settle();
      isOver = !device.hasEnded;
      await device.end();
      memory.lose(WORST_FOR_MEMORY, 'loss of power');
      memory.process.beginAnew();
      test.files.update('f1', { path: 'a.txt' });
      const text = test.files.readText('f1');
      test.files.applyEdits('f1', [{ offset: 0, deleteLength: text.length, insert: 'one\n' }]);
      await device.startAgain();
      await test.settle();
      const [file, ...others] = test.files.files;
      expect({ steps, fileId: file?.fileId, others }).toEqual({ steps, fileId: 'f1', others: [] });
      if (isOver) expect(test.files.readText('f1')).toBe(expected);
      expect({ steps, ...(await test.folder.contents()) }).toEqual({ steps, ...test.files.contents });
    }
  });

  it('does not undo in the room what the room had from another program', () =>
    forEveryStep(
      { 'a.txt': 'one\n' },
      ({ test, disk }) => disk.writeByOther(test.folder.at('a.txt'), 'one\nof another\n'),
      async ({ test }, roomAfterLoss) => {
        const wasTaken = roomAfterLoss['a.txt'] !== 'one\n';
        if (wasTaken) expect(test.files.contents).toEqual({ 'a.txt': 'one\nof another\n' });
        expect(await test.folder.contents()).toEqual(test.files.contents);
      },
    ));
});

it('covers the folders that are made for a file', async () => {
  const synced: string[] = [];
  const syncFolder = async (path: string) => void synced.push(path);
  const folder = await TestFolder.create({ 'a.txt': 'one\n' });
  const test = new MirrorUnderTest(folder, { disk: { ...systemDiskWrites, syncFolder } });
  await test.start();
  synced.length = 0;
  test.files.update(test.files.idOf('a.txt'), { path: 'new/deep/a.txt' });
  await test.current.flush();
  expect(new Set(synced)).toEqual(new Set([folder.path, folder.at('new'), folder.at('new/deep')]));
  synced.length = 0;
  test.files.create('other/b.txt', 'two\n');
  await test.current.flush();
  expect(new Set(synced)).toEqual(new Set([folder.path, folder.at('other')]));
});

describe('Durability', () => {
  it('shares the next round among those who ask during one', async () => {
    const rounds: (() => void)[] = [];
    const syncFolder = () => new Promise<void>((resolve) => rounds.push(resolve));
    const durability = new Durability({ ...systemDiskWrites, syncFolder });
    const ended: number[] = [];
    const ask = (number: number) => durability.syncFolders(['/x']).then(() => ended.push(number));
    const first = ask(1);
    await Promise.resolve();
    const others = [ask(2), ask(3)];
    rounds.shift()?.();
    await first;
    await Promise.resolve();
    expect([ended, rounds.length]).toEqual([[1], 1]);
    rounds.shift()?.();
    await Promise.all(others);
    expect(ended.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  it('goes on after a round that failed, and looks above a folder that has gone', async () => {
    const folder = await TestFolder.create();
    await mkdir(folder.at('gone'));
    await rmdir(folder.at('gone'));
    const synced: string[] = [];
    const writes: DiskWrites = {
      ...systemDiskWrites,
      async syncFolder(path) {
        synced.push(path);
        if (synced.length === 1) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        await systemDiskWrites.syncFolder(path);
      },
    };
    const durability = new Durability(writes);
    await expect(durability.syncFolders([folder.path])).rejects.toThrow('EIO');
    await durability.syncFolders([folder.at('gone')]);
    await durability.syncFile(folder.at('gone/file'));
    expect(synced).toEqual([folder.path, folder.at('gone'), folder.path, folder.at('gone'), folder.path]);
  });
});
