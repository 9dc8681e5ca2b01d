import { chmod, rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { MirrorPolicy } from './mirror-policy.ts';
import { MirrorUnderTest, TestFolder } from './testing/mirror-under-test.ts';

/** Longer than a file has to be gone for it to count as deleted. */
const SETTLED_MS = 1_000;

/** Lets nothing into the room while `isOpen` is false, and then not what is held. */
class TestPolicy implements MirrorPolicy {
  readonly files = new Set<string>();
  readonly bits = new Set<string>();
  readonly paths = new Set<string>();
  isOpen = false;

  get takesFiles(): boolean {
    return this.isOpen;
  }

  takesEdits(fileId: string): boolean {
    return this.isOpen && !this.isFileHeld(fileId);
  }

  takesRemoval(fileId: string): boolean {
    return this.takesEdits(fileId);
  }

  isPathHeld(path: string): boolean {
    return this.paths.has(path);
  }

  holdPath(path: string): void {
    this.paths.add(path);
  }

  isFileHeld(fileId: string): boolean {
    return this.files.has(fileId) || this.bits.has(fileId);
  }

  holdFile(fileId: string): void {
    this.files.add(fileId);
  }

  releaseFile(fileId: string): void {
    this.files.delete(fileId);
  }

  holdBit(fileId: string): void {
    this.bits.add(fileId);
  }

  releaseBit(fileId: string): void {
    this.bits.delete(fileId);
  }
}

async function startHolding(files: Readonly<Record<string, string>>) {
  const policy = new TestPolicy();
  const test = new MirrorUnderTest(await TestFolder.create(), { policy });
  for (const [path, text] of Object.entries(files)) test.files.create(path, text);
  await test.start();
  expect(await test.folder.contents()).toEqual(files);
  return { test, policy, room: test.files.contents };
}

describe('where nothing may go into the room', () => {
  it('holds new, changed, deleted and renamed files, and not those that stay', async () => {
    const { test, policy, room } = await startHolding({ a: 'a', b: 'b', c: 'c', d: 'd' });
    await test.folder.write('a', 'changed');
    await rm(test.folder.at('b'));
    await rename(test.folder.at('c'), test.folder.at('e'));
    await test.folder.write('new', 'new');
    await test.settle();
    await test.advance(SETTLED_MS);
    expect(test.files.contents).toEqual(room);
    expect([...policy.files].toSorted()).toEqual(['a', 'b', 'c'].map((path) => test.files.idOf(path)).toSorted());
    expect([...policy.paths].toSorted()).toEqual(['e', 'new']);
    expect(test.problems).toEqual([]);
  });

  it('does not share what is held once other things may go in', async () => {
    const { test, policy, room } = await startHolding({ a: 'a', b: 'b', c: 'c' });
    await test.folder.write('a', 'changed');
    await rm(test.folder.at('b'));
    await test.folder.write('new', 'b');
    await test.settle();
    policy.isOpen = true;
    await test.folder.write('c', 'changed');
    await test.folder.write('newer', 'newer');
    await test.settle();
    await test.advance(SETTLED_MS);
    expect(test.files.contents).toEqual({ ...room, c: 'changed', newer: 'newer' });
    expect(await test.folder.contents()).toEqual({ a: 'changed', c: 'changed', new: 'b', newer: 'newer' });
  });

  it('puts the next text of the room in place, and what was changed beside it', async () => {
    const { test, policy } = await startHolding({ a: 'a' });
    await test.folder.write('a', 'changed');
    await test.settle();
    test.files.insert(test.files.idOf('a'), 1, ', once more');
    await test.settle();
    const contents = await test.folder.contents();
    expect(contents['a']).toBe('a, once more');
    expect(Object.values(contents)).toHaveLength(2);
    expect(Object.values(contents)).toContain('changed');
    expect(policy.files.size).toBe(0);
    expect(test.problems).toMatchObject([{ title: 'a was different in the folder and in the room.' }]);
  });

  it('holds nothing of a file that comes to the room’s text by itself', async () => {
    const { test, policy } = await startHolding({ a: 'a' });
    await test.folder.write('a', 'changed');
    await test.settle();
    expect(policy.files.size).toBe(1);
    await test.folder.write('a', 'a');
    await test.settle();
    expect(policy.files.size).toBe(0);
    test.files.insert(test.files.idOf('a'), 1, 'b');
    await test.settle();
    expect(await test.folder.contents()).toEqual({ a: 'ab' });
  });

  it('keeps a file that was changed and is deleted in the room', async () => {
    const { test, policy } = await startHolding({ a: 'a' });
    await test.folder.write('a', 'changed');
    await test.settle();
    test.files.remove([test.files.idOf('a')]);
    policy.isOpen = true;
    await test.settle();
    expect(test.files.contents).toEqual({});
    expect(await test.folder.contents()).toEqual({ a: 'changed' });
    expect(policy.isPathHeld('a')).toBe(true);
    expect(test.problems).toMatchObject([{ detail: 'The file on disk is kept for this device alone.' }]);
  });

  it('holds that a file became executable, with what is done to it afterwards, until the room says so too', async () => {
    const { test, policy } = await startHolding({ a: 'a', b: 'b' });
    const [a, b] = [test.files.idOf('a'), test.files.idOf('b')];
    await chmod(test.folder.at('a'), 0o755);
    await chmod(test.folder.at('b'), 0o755);
    await test.settle();
    policy.isOpen = true;
    await test.folder.write('a', 'changed');
    await test.settle();
    expect(test.files.contents).toEqual({ a: 'a', b: 'b' });
    expect(test.files.files.some(({ executable }) => executable)).toBe(false);
    expect(policy.bits).toEqual(new Set([a, b]));
    await test.folder.write('a', 'a');
    test.files.updateAll(new Map([a, b].map((fileId) => [fileId, { executable: true }])));
    await test.settle();
    expect([policy.files.size, policy.bits.size]).toEqual([0, 0]);
    test.files.update(b, { executable: false });
    await test.settle();
    expect([await test.folder.isExecutable('a'), await test.folder.isExecutable('b')]).toEqual([true, false]);
    expect(test.problems).toEqual([]);
  });

  it('makes a file executable that the room does, with a text that is held', async () => {
    const { test, policy } = await startHolding({ a: 'a' });
    await test.folder.write('a', 'changed');
    await test.settle();
    test.files.update(test.files.idOf('a'), { executable: true });
    await test.settle();
    expect([await test.folder.read('a'), await test.folder.isExecutable('a')]).toEqual(['changed', true]);
    expect([policy.files.size, policy.bits.size]).toEqual([1, 0]);
  });

  it('writes a file that was deleted again when the room has another text for it', async () => {
    const { test } = await startHolding({ a: 'a' });
    await rm(test.folder.at('a'));
    await test.settle();
    await test.advance(SETTLED_MS);
    expect(await test.folder.contents()).toEqual({});
    test.files.insert(test.files.idOf('a'), 1, 'b');
    await test.settle();
    expect(await test.folder.contents()).toEqual({ a: 'ab' });
  });

  it('agrees on nothing, and moves nothing aside, for a text of the room that this device cannot keep', async () => {
    const { test, policy } = await startHolding({ a: 'a', b: 'b' });
    const [a, b] = [test.files.idOf('a'), test.files.idOf('b')];
    await test.folder.write('a', 'a, changed');
    await test.folder.write('b', 'mine');
    await test.settle();
    test.files.isFull = true;
    test.files.insert(a, 1, ', changed');
    test.files.insert(b, 1, ', theirs');
    await test.settle();
    expect([test.bases.get(a)?.text, test.bases.get(b)?.text, policy.files.size]).toEqual(['a', 'b', 2]);
    expect(await test.folder.contents()).toEqual({ a: 'a, changed', b: 'mine' });
    expect(test.openProblems.map(({ id }) => id).toSorted()).toEqual([`file:${a}`, `file:${b}`].toSorted());
    test.files.isFull = false;
    await test.settle();
    expect([test.bases.get(a)?.text, test.bases.get(b)?.text, policy.files.size]).toEqual([
      'a, changed',
      'b, theirs',
      0,
    ]);
    expect(Object.values(await test.folder.contents())).toEqual(['a, changed', 'b, theirs', 'mine']);
    expect(test.openProblems.map(({ id }) => id)).toEqual([`met:${b}`]);
  });
});
