import { rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { startMirror } from './testing/mirror-under-test.ts';

/** After this time what failed is tried again. */
const RETRY_MS = 3_000;
/** What is missing on disk is deleted when it is still missing after this time. */
const GONE_MS = 400;

describe('while this device cannot keep edits', () => {
  it('neither disk nor base follows the room, until it can', async () => {
    const test = await startMirror({ 'a.txt': 'one\n' });
    const id = test.files.idOf('a.txt');
    test.files.isFull = true;
    test.files.insert(id, 0, 'zero\n');
    await test.flush();
    expect(await test.folder.read('a.txt')).toBe('one\n');
    expect([test.bases.get(id)?.text, test.bases.savingOf(id)]).toEqual(['one\n', undefined]);
    expect(test.openProblems).toMatchObject([{ id: `file:${id}`, canRetry: true, title: 'A file waits for space.' }]);
    test.files.isFull = false;
    await test.advance(RETRY_MS);
    await test.flush();
    expect(await test.folder.read('a.txt')).toBe('zero\none\n');
    expect(test.openProblems).toEqual([]);
  });

  it('what is changed on disk is not taken, until it can be', async () => {
    const test = await startMirror({ 'a.txt': 'one\n' });
    const id = test.files.idOf('a.txt');
    test.files.isFull = true;
    await test.folder.write('a.txt', 'one\ntwo\n');
    await test.settle();
    expect([test.files.readText(id), test.bases.get(id)?.text]).toEqual(['one\n', 'one\n']);
    expect(test.openProblems).toMatchObject([{ id: `file:${id}`, canRetry: true }]);
    test.files.isFull = false;
    await test.advance(RETRY_MS);
    await test.flush();
    expect([test.files.readText(id), test.bases.get(id)?.text]).toEqual(['one\ntwo\n', 'one\ntwo\n']);
    expect(test.openProblems).toEqual([]);
  });

  it('a binary that is changed on disk is not listed as it is now, until it can be', async () => {
    const test = await startMirror({ 'a.bin': new Uint8Array([0, 1]) });
    const id = test.files.idOf('a.bin');
    const { blob } = test.files.get(id) ?? {};
    expect(blob).toBe(test.bases.get(id)?.hash);
    test.files.isFull = true;
    await test.folder.write('a.bin', new Uint8Array([0, 1, 2]));
    await test.settle();
    expect([test.files.get(id)?.blob, test.bases.get(id)?.hash]).toEqual([blob, blob]);
    expect(test.openProblems).toMatchObject([{ id: `file:${id}`, canRetry: true }]);
    test.files.isFull = false;
    await test.advance(RETRY_MS);
    await test.flush();
    expect(test.files.get(id)?.blob).toBe(test.bases.get(id)?.hash);
    expect(test.files.get(id)?.blob).not.toBe(blob);
    expect(test.openProblems).toEqual([]);
  });

  it.each([
    ['a text', 'one\n'],
    ['a binary', new Uint8Array([0, 1])],
  ])(
    '%s that is renamed on disk has its old name in the room and its base, until it can be kept',
    async (_, content) => {
      const test = await startMirror({ 'a.x': content });
      const id = test.files.idOf('a.x');
      test.files.isFull = true;
      await rename(test.folder.at('a.x'), test.folder.at('b.x'));
      await test.settle();
      await test.advance(GONE_MS);
      await test.flush();
      expect([test.files.files.map(({ path }) => path), test.bases.get(id)?.path]).toEqual([['a.x'], 'a.x']);
      expect(test.openProblems.map((problem) => problem.id).toSorted()).toEqual([`file:${id}`, 'path:b.x']);
      test.files.isFull = false;
      await test.advance(RETRY_MS);
      await test.flush();
      expect([test.files.idOf('b.x'), test.files.files.length, test.bases.get(id)?.path]).toEqual([id, 1, 'b.x']);
      expect(test.openProblems).toEqual([]);
    },
  );

  it.each([
    ['a text', 'one\n'],
    ['a binary', new Uint8Array([0, 1])],
  ])('%s that is deleted on disk stays in the room, until that can be kept', async (_, content) => {
    const test = await startMirror({ 'a.x': content });
    const id = test.files.idOf('a.x');
    test.files.isFull = true;
    await rm(test.folder.at('a.x'));
    await test.settle();
    expect([test.files.files.length, test.bases.get(id)?.path]).toEqual([1, 'a.x']);
    expect(test.openProblems).toMatchObject([{ id: `file:${id}`, canRetry: true }]);
    test.files.isFull = false;
    await test.advance(RETRY_MS);
    await test.flush();
    expect([test.files.files, test.bases.list(), test.openProblems]).toEqual([[], [], []]);
  });

  it('what is new on disk is told and listed later, once, by itself', async () => {
    const test = await startMirror({ 'a.txt': 'a' });
    test.files.isFull = true;
    await test.folder.write('new.txt', 'new');
    await test.settle();
    expect(test.files.contents).toEqual({ 'a.txt': 'a' });
    expect(test.openProblems).toMatchObject([{ id: 'path:new.txt', canRetry: true, path: 'new.txt' }]);
    await test.advance(RETRY_MS);
    await test.flush();
    expect(test.openProblems).toHaveLength(1);
    test.files.isFull = false;
    await test.advance(RETRY_MS);
    await test.flush();
    expect(test.files.contents).toEqual({ 'a.txt': 'a', 'new.txt': 'new' });
    expect(test.openProblems).toEqual([]);
  });
});

describe('a file whose entry in the list was lost', () => {
  it('stays on disk and is shared anew', async () => {
    const test = await startMirror({ 'a.txt': 'a', 'b.txt': 'b' });
    const b = test.files.idOf('b.txt');
    await test.stop();
    test.files.forget(b);
    await test.start();
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'a', 'b.txt': 'b' });
    expect(test.files.contents).toEqual({ 'a.txt': 'a', 'b.txt': 'b' });
    expect(test.openProblems).toEqual([]);
  });

  it('stays as it is, on disk and by its id, until the relay has told of the whole list', async () => {
    const test = await startMirror({ 'a.txt': 'a', 'b.txt': 'b' });
    const b = test.files.idOf('b.txt');
    const listed = test.files.get(b);
    await test.stop();
    test.files.forget(b);
    test.files.isListComplete = false;
    await test.start();
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'a', 'b.txt': 'b' });
    expect(test.files.contents).toEqual({ 'a.txt': 'a' });
    expect(test.openProblems).toMatchObject([{ id: `file:${b}`, path: 'b.txt', canRetry: true }]);
    test.files.isListComplete = true;
    if (listed) test.files.recall(listed);
    await test.flush();
    expect(test.files.idOf('b.txt')).toBe(b);
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'a', 'b.txt': 'b' });
    expect(test.openProblems).toEqual([]);
  });

  it('is removed from disk when somebody has removed it from the list', async () => {
    const test = await startMirror({ 'a.txt': 'a', 'b.txt': 'b' });
    await test.stop();
    test.files.remove([test.files.idOf('b.txt')]);
    await test.start();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'a' });
  });
});

describe('what was set aside when the process ended before it could tell', () => {
  it('is noted before it is told, and told at the next start and only then', async () => {
    const test = await startMirror({ '.gitignore': 'a.txt\n', 'a.txt': 'mine' });
    const id = test.files.create('a.txt', 'theirs');
    let noted: readonly string[] = [];
    test.writes.beforeSync = async () => {
      noted = test.notes.names('aside');
      expect(test.problems).toEqual([]);
    };
    await test.flush();
    const [aside = ''] = noted;
    expect(await test.folder.read(aside)).toBe('mine');
    expect([test.problems.length, test.notes.names('aside')]).toEqual([1, []]);
    await test.stop();
    test.notes.set('aside', aside, id);
    await test.start();
    expect(test.problems).toMatchObject([{ id: `met:${id}`, path: 'a.txt' }]);
    expect(test.problems[0]?.detail).toContain(aside);
    await test.stop();
    await test.start();
    expect(test.problems).toEqual([]);
  });

  it('is told also when its file has gone from the room, and not when it has gone from disk', async () => {
    const test = await startMirror({ 'a.txt': 'a' });
    const [kept, gone] = ['x/b.txt.local-20260101T000000Z', 'c.txt.local-20260101T000000Z-2'];
    await test.folder.write(kept, 'mine');
    await test.stop();
    test.notes.set('aside', kept, 'f90');
    test.notes.set('aside', gone, 'f91');
    await test.start();
    expect(test.problems).toMatchObject([{ id: 'met:f90', path: 'x/b.txt' }]);
    expect(test.problems[0]?.detail).toBe(
      `What the folder had is kept as ${kept}. The room has removed the file since.`,
    );
    expect(test.notes.names('aside')).toEqual([]);
  });
});
