import { rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { startMirror } from './testing/mirror-under-test.ts';

/** Longer than a file has to be gone for it to count as deleted. */
const SETTLED_MS = 1_000;

describe('a file that is gone from disk', () => {
  it.each(['one\n', 'one\ntwo\n'])('and comes back at the last moment as %j is not deleted', async (text) => {
    const test = await startMirror({ 'a.txt': 'one\n', 'b.txt': 'b' });
    const id = test.files.idOf('a.txt');
    await rm(test.folder.at('a.txt'));
    await test.current.reconcile();
    test.writes.whileMadeSafe = () => test.folder.write('a.txt', text);
    await test.advance(SETTLED_MS);
    expect(test.writes.whileMadeSafe).toBeUndefined();
    await test.settle();
    expect(test.files.contents).toEqual({ 'a.txt': text, 'b.txt': 'b' });
    expect(test.files.idOf('a.txt')).toBe(id);
    expect(test.problems).toEqual([]);
  });

  it('is not deleted where its folder goes while that is looked at', async () => {
    const test = await startMirror({ 'a.txt': 'one\n', 'b.txt': 'b' });
    await rm(test.folder.at('a.txt'));
    await test.current.reconcile();
    const away = `${test.folder.path}-away`;
    test.writes.whileMadeSafe = () => rename(test.folder.path, away);
    await test.advance(SETTLED_MS);
    expect(Object.keys(test.files.contents)).toEqual(['a.txt', 'b.txt']);
    expect(test.openProblems).toMatchObject([{ id: 'folder' }]);
    await rename(away, test.folder.path);
  });

  it('is not deleted because another takes its place in the room', async () => {
    const test = await startMirror({ 'a.txt': 'a', 'b.txt': 'b' });
    const [a, b] = [test.files.idOf('a.txt'), test.files.idOf('b.txt')];
    // Somebody else renames b.txt to where a.txt is, which a program here is just saving anew.
    await rm(test.folder.at('a.txt'));
    test.files.update(a, { path: 'c.txt' });
    test.files.update(b, { path: 'a.txt' });
    await test.current.reconcile();
    await test.folder.write('a.txt', 'a, saved');
    await test.settle();
    await test.advance(SETTLED_MS);
    await test.settle();
    expect(test.files.get(a)?.path).toBe('c.txt');
    expect(test.files.contents).toEqual({ 'a.txt': 'b', 'c.txt': 'a, saved' });
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'b', 'c.txt': 'a, saved' });
  });

  it('whose path another waits for is deleted after its time, and the other comes', async () => {
    const test = await startMirror({ 'a.txt': 'a', 'b.txt': 'b' });
    const b = test.files.idOf('b.txt');
    await rm(test.folder.at('a.txt'));
    test.files.update(b, { path: 'a.txt' });
    await test.settle();
    await test.advance(SETTLED_MS);
    await test.settle();
    expect(test.files.get(b)?.path).toBe('a.txt');
    expect((await test.folder.contents())['a.txt']).toBe('b');
  });

  it('is not renamed to its copy where it comes back meanwhile', async () => {
    const test = await startMirror({ 'a.txt': 'one\n', 'b.txt': 'b' });
    const id = test.files.idOf('a.txt');
    await rm(test.folder.at('a.txt'));
    await test.folder.write('copy.txt', 'one\n');
    test.writes.whileMadeSafe = () => test.folder.write('a.txt', 'one\ntwo\n');
    await test.settle();
    expect(test.files.contents).toEqual({ 'a.txt': 'one\ntwo\n', 'b.txt': 'b', 'copy.txt': 'one\n' });
    expect(test.files.idOf('a.txt')).toBe(id);
  });
});
