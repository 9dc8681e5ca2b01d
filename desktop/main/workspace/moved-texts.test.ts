import { rename } from 'node:fs/promises';
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
});
