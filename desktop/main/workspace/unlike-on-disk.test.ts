import { describe, expect, it } from 'vitest';
import { TWO_WAY } from './mirror-policy.ts';
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

describe('a text that is none any more on disk while it is edited in the room', () => {
  it('is written again with the edits, and what the disk had is shared beside it', async () => {
    const content = '\0\u0001\u0002';
    const test = await startMirror({ 'docs/a.txt': 'a\n', 'docs/a (2).txt': 'taken\n' });
    const id = test.files.idOf('docs/a.txt');
    await test.folder.write('docs/a.txt', content);
    test.files.insert(id, 0, 'edited ');
    await test.settle();
    await test.settle();
    const texts = { 'docs/a.txt': 'edited a\n', 'docs/a (2).txt': 'taken\n' };
    expect(test.files.contents).toEqual(texts);
    expect(await test.folder.contents()).toEqual({ ...texts, 'docs/a (3).txt': content });
    expect(test.files.idOf('docs/a.txt')).toBe(id);
    const beside = test.files.get(test.files.idOf('docs/a (3).txt'));
    expect(beside).toMatchObject({ kind: 'binary', sizeBytes: content.length });
    expect([...test.blobs.relay.keys()]).toEqual([beside?.blob]);
    expect(test.openProblems).toMatchObject([{ path: 'docs/a.txt', severity: 'warning', canRetry: false }]);
    expect(test.openProblems[0]?.detail).toContain('docs/a (3).txt');
  });

  it('stays as it is on both sides where self may share nothing', async () => {
    const policy = { ...TWO_WAY, takesFiles: false, takesRemoval: () => false };
    const test = new MirrorUnderTest(await TestFolder.create(), { policy });
    const id = test.files.create('a.txt', 'a\n');
    await test.start();
    await test.folder.write('a.txt', '\0');
    test.files.insert(id, 0, 'edited ');
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'a.txt': '\0' });
    expect(test.files.contents).toEqual({ 'a.txt': 'edited a\n' });
    expect(test.openProblems).toMatchObject([{ path: 'a.txt', severity: 'error', canRetry: true }]);
  });
});
