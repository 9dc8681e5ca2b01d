import { rename, unlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type MirrorUnderTest, startMirror } from './testing/mirror-under-test.ts';

const FILES = { 'f0.txt': 'AAA\n', 'f1.txt': 'BBB\n', 'f2.txt': 'CCC\n' };
const LOCAL_COPY = /\.local-\d{8}T/;

/** Another program lets each file on disk take the name of the one before it. */
async function rotate({ folder }: MirrorUnderTest): Promise<void> {
  await rename(folder.at('f0.txt'), folder.at('away'));
  await rename(folder.at('f1.txt'), folder.at('f0.txt'));
  await rename(folder.at('f2.txt'), folder.at('f1.txt'));
  await rename(folder.at('away'), folder.at('f2.txt'));
}

/**
 * Files change names on disk twice, while the mirror looks at one of them; the third time, all are again where they were
 * when disk and room agreed last.
 */
async function rotateWhileOneIsSeen(test: MirrorUnderTest): Promise<void> {
  const { files } = test;
  await rotate(test);
  await rotate(test);
  const f0 = files.idOf('f0.txt');
  // Looked at alone, as when the room tells of a change in it.
  files.insert(f0, 0, '');
  await test.current.flush();
  expect(files.readText(f0)).toBe('CCC\n');
  await rotate(test);
}

async function textsAnywhere({ files, folder }: MirrorUnderTest): Promise<string> {
  return [...Object.values(files.contents), ...Object.values(await folder.contents())].join('');
}

describe('texts that change names on disk', () => {
  it('are kept beside when the room replaces one that came back to a name, and takes its other name from it', async () => {
    const test = await startMirror(FILES);
    const { files, folder } = test;
    await rotateWhileOneIsSeen(test);
    const f2 = files.idOf('f2.txt');
    files.applyEdits(f2, [{ offset: 0, deleteLength: 3, insert: 'BBB' }]);
    await test.settle();
    expect(await textsAnywhere(test)).toContain('CCC');
    const onDisk = await folder.contents();
    const copies = Object.entries(onDisk).filter(([path]) => LOCAL_COPY.test(path));
    expect(copies.map(([, text]) => text)).toEqual(['CCC\n']);
    expect(test.problems.map(({ detail }) => detail).join()).toContain(copies[0]?.[0]);
    expect(Object.fromEntries(Object.entries(onDisk).filter(([path]) => !LOCAL_COPY.test(path)))).toEqual(
      files.contents,
    );
  });

  it('are kept when the room replaces one long after all is in step again, and after a restart', async () => {
    const test = await startMirror(FILES);
    const { files } = test;
    await rotateWhileOneIsSeen(test);
    await test.settle();
    expect(files.contents).toEqual(FILES);
    await test.stop();
    await test.start();
    // Who has seen it under its other name has taken it out of this one meanwhile.
    files.applyEdits(files.idOf('f2.txt'), [{ offset: 0, deleteLength: 3, insert: 'BBB' }]);
    await test.settle();
    expect(await textsAnywhere(test)).toContain('CCC');
  });

  it('are shared again when the room removes the file to whose name one came back', async () => {
    const test = await startMirror(FILES);
    const { files, folder } = test;
    await rotateWhileOneIsSeen(test);
    files.remove([files.idOf('f2.txt')]);
    await test.settle();
    expect(await folder.contents()).toEqual(FILES);
    expect(files.contents).toEqual(FILES);
  });

  it('are kept when the room had them under their new names already, and loses one', async () => {
    const test = await startMirror(FILES);
    const { files } = test;
    await rotate(test);
    // Somebody else has done the same.
    for (const [path, text] of Object.entries({ 'f0.txt': 'BBB', 'f1.txt': 'CCC', 'f2.txt': 'AAA' }))
      files.applyEdits(files.idOf(path), [{ offset: 0, deleteLength: 3, insert: text }]);
    await test.settle();
    expect(files.contents).toEqual({ 'f0.txt': 'BBB\n', 'f1.txt': 'CCC\n', 'f2.txt': 'AAA\n' });
    files.applyEdits(files.idOf('f2.txt'), [{ offset: 0, deleteLength: 3, insert: 'BBB' }]);
    await test.settle();
    expect(await textsAnywhere(test)).toContain('AAA');
  });

  it('are replaced without a copy where nothing has moved, or what has moved was taken under its new name', async () => {
    const test = await startMirror({ ...FILES, 'same.txt': 'CCC\n' });
    const { files, folder } = test;
    await rotate(test);
    await test.settle();
    expect(files.contents).toEqual({ 'f0.txt': 'BBB\n', 'f1.txt': 'CCC\n', 'f2.txt': 'AAA\n', 'same.txt': 'CCC\n' });
    for (const path of ['f0.txt', 'f1.txt', 'f2.txt']) files.insert(files.idOf(path), 0, 'new\n');
    await test.settle();
    expect(await folder.contents()).toEqual(files.contents);
  });

  describe('the room had them under their new names already, and taking one was put off', () => {
    /** Of the text that comes to the last name, this one has more than the end. */
    const LONG = 'CCC\n'.repeat(20);

    /** The first look at the last file puts it off. */
    async function rotateAsOthersDid(test: MirrorUnderTest): Promise<string> {
      const { files } = test;
      await rotate(test);
      const f2 = files.idOf('f2.txt');
      for (const [path, text] of Object.entries({ 'f0.txt': 'BBB\n', 'f1.txt': LONG, 'f2.txt': 'AAA\n' })) {
        const fileId = files.idOf(path);
        const deleteLength = files.readText(fileId).length;
        files.applyEdits(fileId, [{ offset: 0, deleteLength, insert: text }]);
      }
      await test.current.reconcile();
      await test.flush();
      return f2;
    }

    /** Somebody else takes the text away from the last name again. */
    async function expectKept(test: MirrorUnderTest, f2: string): Promise<void> {
      const { files } = test;
      await test.settle();
      expect(files.contents).toEqual({ 'f0.txt': 'BBB\n', 'f1.txt': LONG, 'f2.txt': 'AAA\n' });
      files.applyEdits(f2, [{ offset: 0, deleteLength: 3, insert: 'BBB' }]);
      await test.settle();
      expect(await textsAnywhere(test)).toContain('AAA');
    }

    it('as one that may be written anew', async () => {
      const test = await startMirror({ ...FILES, 'f2.txt': LONG });
      const f2 = await rotateAsOthersDid(test);
      expect(test.bases.get(f2)?.text).toBe(LONG);
      await expectKept(test, f2);
    });

    it('as one that may be written anew, until the next start', async () => {
      const test = await startMirror({ ...FILES, 'f2.txt': LONG });
      const f2 = await rotateAsOthersDid(test);
      await test.stop();
      await test.start();
      await expectKept(test, f2);
    });

    it('while this device could keep nothing', async () => {
      const test = await startMirror({ ...FILES, 'f2.txt': 'C\n' });
      const { files } = test;
      const f2 = files.idOf('f2.txt');
      await rotate(test);
      files.applyEdits(f2, [{ offset: 0, deleteLength: 1, insert: 'AAA' }]);
      files.isFull = true;
      await test.current.reconcile();
      await test.flush();
      expect(test.bases.get(f2)?.text).toBe('C\n');
      files.isFull = false;
      await test.settle();
      expect(test.bases.get(f2)?.text).toBe('AAA\n');
      files.applyEdits(f2, [{ offset: 0, deleteLength: 3, insert: 'BBB' }]);
      await test.settle();
      expect(await textsAnywhere(test)).toContain('AAA');
    });
  });

  it('are replaced without a copy where files of one content were renamed, whichever goes on as which', async () => {
    const test = await startMirror({ 'p/LICENSE': 'same\n', 'q/LICENSE': 'same\n' });
    const { files, folder } = test;
    await rename(folder.at('p/LICENSE'), folder.at('a2'));
    await rename(folder.at('q/LICENSE'), folder.at('a1'));
    await test.settle();
    await test.settle();
    expect(files.contents).toEqual({ a1: 'same\n', a2: 'same\n' });
    for (const path of ['a1', 'a2']) files.insert(files.idOf(path), 0, 'new\n');
    await test.settle();
    expect(await folder.contents()).toEqual(files.contents);
  });

  it.each<[name: string, how: (test: MirrorUnderTest) => Promise<void>]>([
    ['on disk', async (test) => unlink(test.folder.at('f2.txt'))],
    ['in the room', async (test) => test.files.remove([test.files.idOf('f2.txt')])],
    [
      'in the room while no base is kept',
      async (test) => {
        const f2 = test.files.idOf('f2.txt');
        test.bases.delete(f2);
        test.files.remove([f2]);
        await unlink(test.folder.at('f2.txt'));
      },
    ],
  ])('are forgotten with their file when it is removed %s', async (_name, remove) => {
    const test = await startMirror(FILES);
    await rotateWhileOneIsSeen(test);
    await test.settle();
    expect(test.notes.names('moved')).toHaveLength(1);
    await remove(test);
    await test.settle();
    await test.advance(5_000);
    await test.settle();
    expect(test.notes.names('moved')).toEqual([]);
  });
});
