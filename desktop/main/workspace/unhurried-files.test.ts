import { expect, it } from 'vitest';
import { BaseIndex } from './base-index.ts';
import { splitUnhurried } from './sync-order.ts';
import { MemoryMirrorBases, MemorySharedFiles } from './testing/memory-shared-files.ts';
import { MirrorUnderTest, TestFolder } from './testing/mirror-under-test.ts';
import { systemDiskWrites } from './text-file.ts';

const BINARIES = 200;

it('an edit of a text is written among the first of many files that hold none', async () => {
  const written: string[] = [];
  const disk = {
    ...systemDiskWrites,
    rename: (from: string, to: string) => {
      systemDiskWrites.rename(from, to);
      written.push(to);
    },
  };
  const test = new MirrorUnderTest(await TestFolder.create({ 'a.txt': 'a\n' }), { disk });
  await test.start();
  for (let file = 0; file < BINARIES; file++) {
    const content = `\0${file}`;
    const blob = test.blobs.bring(content);
    test.files.create(`${file}.bin`, '', { kind: 'binary', blob, sizeBytes: content.length });
  }
  await test.current.flush();
  // All have come, and somebody edits while the first of them is being written.
  test.blobs.beforeRead = async () => {
    test.files.insert(test.files.idOf('a.txt'), 0, 'edited ');
    test.scheduler.advance(2_000);
  };
  await test.blobs.work();
  await test.flush();
  expect(written).toHaveLength(BINARIES + 1);
  expect(written.indexOf(test.folder.at('a.txt'))).toBeLessThan(BINARIES / 4);
  expect(await test.folder.read('a.txt')).toBe('edited a\n');
});

it('only files without a text that are new to disk or room, and come to a free path, wait for others', () => {
  const files = new MemorySharedFiles();
  const bases = new BaseIndex(new MemoryMirrorBases());
  const binary = { kind: 'binary', sizeBytes: 1 } as const;
  const text = files.create('a.txt', 'a');
  const [isNew, listed, agreed, moving, coming] = ['new', 'listed', 'agreed', 'moved', 'there'].map((path) =>
    files.create(path, '', binary),
  );
  const unshared = { hash: '', text: '' };
  bases.set(listed ?? '', { path: 'listed', ...unshared });
  bases.set(agreed ?? '', { path: 'agreed', hash: 'abc', text: '' });
  bases.set(moving ?? '', { path: 'there', ...unshared });
  const ids = [text, isNew, listed, agreed, moving, coming, 'gone'].map((fileId) => fileId ?? '');
  expect(splitUnhurried(ids, { files, bases })).toEqual({
    hurried: [text, agreed, moving, coming, 'gone'],
    unhurried: [isNew, listed],
  });
});
