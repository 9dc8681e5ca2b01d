import { describe, expect, it } from 'vitest';
import { MirrorUnderTest, startMirror, TestFolder } from './testing/mirror-under-test.ts';

async function hasWritten(test: MirrorUnderTest): Promise<boolean> {
  let isWritten = false;
  test.writes.beforeSync = async () => {
    isWritten = true;
  };
  await test.settle();
  test.writes.beforeSync = undefined;
  return isWritten;
}

describe('a text of the room that no file can hold as it is', () => {
  it.each([
    ['carriage returns', 'one\r\ntwo\r'],
    ['a byte order mark', '\ufeffone\n'],
    ['half of a character', 'one \ud83d\n'],
    ['a NUL', 'one\0\n'],
  ])('(%s) is written once, and again when it changes', async (_what, text) => {
    const test = await startMirror({ 'a.txt': 'last\n' });
    const id = test.files.idOf('a.txt');
    test.files.insert(id, 0, text);
    await test.current.flush();
    const written = await test.folder.read('a.txt');
    expect(written).not.toBe('last\n');
    expect(await hasWritten(test)).toBe(false);
    expect(test.files.readText(id)).toBe(`${text}last\n`);
    test.files.applyEdits(id, [{ offset: 0, deleteLength: text.length, insert: 'first\n' }]);
    await test.current.flush();
    expect(await test.folder.read('a.txt')).toBe('first\nlast\n');
    expect(test.problems).toEqual([]);
  });

  it('(a NUL) takes up what is changed on disk once that is a text', async () => {
    const test = await startMirror({ 'a.txt': 'last\n' });
    const id = test.files.idOf('a.txt');
    test.files.insert(id, 0, 'one\0\n');
    await test.current.flush();
    await test.folder.write('a.txt', new Uint8Array([0, 1]));
    await test.settle();
    expect(test.openProblems).toMatchObject([{ path: 'a.txt', canRetry: true }]);
    expect(test.files.readText(id)).toBe('one\0\nlast\n');
    await test.folder.write('a.txt', 'last\nmore\n');
    await test.settle();
    expect(test.files.readText(id)).toBe('last\nmore\n');
    expect(test.openProblems).toEqual([]);
  });
});

it('content that was never shared is kept beside a text that comes in its place, and not merged into it', async () => {
  const large = 'local\n'.repeat(1024 * 1024);
  const test = new MirrorUnderTest(await TestFolder.create({ 'big.txt': large }));
  test.blobs.isOffline = true;
  await test.start();
  const id = test.files.idOf('big.txt');
  expect(test.files.get(id)?.kind).toBe('oversized');
  // On another device it has become a text.
  test.files.insert(id, 0, 'shared\n');
  test.files.update(id, { kind: 'text' });
  await test.settle();
  expect(test.files.readText(id)).toBe('shared\n');
  const { 'big.txt': text, ...others } = await test.folder.contents();
  expect(text).toBe('shared\n');
  expect(Object.values(others).map((copy) => copy === large)).toEqual([true]);
});
