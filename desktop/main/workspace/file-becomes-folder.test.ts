import { mkdir, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { TWO_WAY } from './mirror-policy.ts';
import { MirrorUnderTest, startMirror, TestFolder } from './testing/mirror-under-test.ts';

describe('a file of which a folder has taken the place on disk', () => {
  it('goes from the room where nobody edits it', async () => {
    const test = await startMirror({ 'docs/a.txt': 'a\n' });
    await rm(test.folder.at('docs/a.txt'));
    await test.folder.write('docs/a.txt/inner.txt', 'inner\n');
    await test.settle();
    expect(test.files.contents).toEqual({ 'docs/a.txt/inner.txt': 'inner\n' });
    expect(test.problems).toEqual([]);
  });

  it.each(['while the mirror runs', 'between two starts'])(
    'is kept beside the folder with what is edited, %s, and the person is told once',
    async (when) => {
      const test = await startMirror({ 'docs/a.txt': 'a\n', 'docs/a (2).txt': 'taken\n' });
      const fileId = test.files.idOf('docs/a.txt');
      if (when === 'between two starts') await test.stop();
      await rm(test.folder.at('docs/a.txt'));
      await test.folder.write('docs/a.txt/inner.txt', 'inner\n');
      test.files.insert(fileId, 0, 'edited ');
      if (when === 'between two starts') await test.start();
      await test.settle();
      const expected = {
        'docs/a (2).txt': 'taken\n',
        'docs/a (3).txt': 'edited a\n',
        'docs/a.txt/inner.txt': 'inner\n',
      };
      expect(test.files.contents).toEqual(expected);
      expect(await test.folder.contents()).toEqual(expected);
      expect(test.files.idOf('docs/a (3).txt')).toBe(fileId);
      expect(test.problems).toMatchObject([{ severity: 'warning', path: 'docs/a (3).txt', canRetry: false }]);
      await test.stop();
      await test.start();
      await test.settle();
      expect(test.problems).toEqual([]);
      expect(await test.folder.contents()).toEqual(expected);
    },
  );

  it('is kept where that folder is empty', async () => {
    const test = await startMirror({ a: 'a\n' });
    await rm(test.folder.at('a'));
    await mkdir(test.folder.at('a'));
    test.files.insert(test.files.idOf('a'), 0, 'edited ');
    await test.settle();
    expect(test.files.contents).toEqual({ 'a (2)': 'edited a\n' });
    expect(await test.folder.contents()).toEqual({ 'a (2)': 'edited a\n' });
  });

  it('is kept with its new content where it is no text', async () => {
    const test = await startMirror({ 'a.bin': new Uint8Array([0, 1]) });
    const fileId = test.files.idOf('a.bin');
    await rm(test.folder.at('a.bin'));
    await mkdir(test.folder.at('a.bin'));
    test.files.update(fileId, { blob: test.blobs.bring('\0other'), sizeBytes: 6 });
    await test.settle();
    await test.settle();
    expect(test.files.files).toMatchObject([{ fileId, path: 'a (2).bin' }]);
    expect(await test.folder.contents()).toEqual({ 'a (2).bin': '\0other' });
    expect(test.problems).toMatchObject([{ severity: 'warning', path: 'a (2).bin' }]);
  });

  it('stays as it is in the room where self may not rename it, and the person is told once', async () => {
    const policy = { ...TWO_WAY, takesFiles: false, takesRemoval: () => false };
    const test = new MirrorUnderTest(await TestFolder.create(), { policy });
    const fileId = test.files.create('a.txt', 'a\n');
    await test.start();
    await rm(test.folder.at('a.txt'));
    await mkdir(test.folder.at('a.txt'));
    test.files.insert(fileId, 0, 'edited ');
    for (let round = 0; round < 3; round++) await test.settle();
    expect(test.files.contents).toEqual({ 'a.txt': 'edited a\n' });
    expect(test.problems).toMatchObject([{ severity: 'error', path: 'a.txt', canRetry: true }]);
    expect(test.problems[0]?.detail).toContain('a folder has its name');
    await rm(test.folder.at('a.txt'), { recursive: true });
    await test.settle();
    await test.settle();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'edited a\n' });
    expect(test.openProblems.filter(({ canRetry }) => canRetry)).toEqual([]);
  });
});

describe('a folder of which a file has taken the place on disk', () => {
  it('is kept under another name with those of its files that are edited', async () => {
    const test = await startMirror({ 'docs/a.txt': 'a\n', 'docs/b.txt': 'b\n', 'docs/c/d.txt': 'd\n' });
    const [a, d] = [test.files.idOf('docs/a.txt'), test.files.idOf('docs/c/d.txt')];
    await rm(test.folder.at('docs'), { recursive: true });
    await test.folder.write('docs', 'file\n');
    for (const fileId of [a, d]) test.files.insert(fileId, 0, 'edited ');
    await test.settle();
    const expected = { docs: 'file\n', 'docs (2)/a.txt': 'edited a\n', 'docs (2)/c/d.txt': 'edited d\n' };
    expect(test.files.contents).toEqual(expected);
    expect(await test.folder.contents()).toEqual(expected);
    expect(test.openProblems).toHaveLength(2);
    // The two are brought in step at the same time.
    expect(Object.fromEntries(test.openProblems.map(({ path, severity }) => [path, severity]))).toEqual({
      'docs (2)/a.txt': 'warning',
      'docs (2)/c/d.txt': 'warning',
    });
  });
});

describe('a file that has the name of a folder in the room', () => {
  /** Until what could not be written was tried often enough. */
  async function wait(test: MirrorUnderTest): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await test.advance(3_000);
      await test.flush();
    }
  }

  it.each(['edited', 'made anew'])('as it was %s on disk meanwhile, is kept beside the folder', async (how) => {
    const test = await startMirror({ 'docs/f.txt': 'one\ntwo\n' });
    await test.stop();
    await test.folder.write('docs/f.txt', how === 'edited' ? 'one\ntwo\nedited\n' : 'other\n');
    test.files.remove([test.files.idOf('docs/f.txt')]);
    test.files.create('docs/f.txt/x.txt', 'x\n');
    await test.start();
    await test.settle();
    await wait(test);
    const expected = {
      'docs/f (2).txt': how === 'edited' ? 'one\ntwo\nedited\n' : 'other\n',
      'docs/f.txt/x.txt': 'x\n',
    };
    expect(test.files.contents).toEqual(expected);
    expect(await test.folder.contents()).toEqual(expected);
    expect(test.openProblems.filter(({ canRetry }) => canRetry)).toEqual([]);
    expect(test.openProblems.map(({ title, detail }) => `${title} ${detail}`).join(' ')).toContain('docs/f (2).txt');
  });

  it('as others have it, gives way to the folder on the disks of both', async () => {
    const test = await startMirror({ 'd/in.txt': 'in\n', 'd/new.txt': 'new\n' });
    test.files.create('d', 'a file elsewhere\n');
    await test.settle();
    expect(test.openProblems).toMatchObject([{ path: 'd', canRetry: true }]);
    await wait(test);
    const expected = { 'd (2)': 'a file elsewhere\n', 'd/in.txt': 'in\n', 'd/new.txt': 'new\n' };
    expect(test.files.contents).toEqual(expected);
    expect(await test.folder.contents()).toEqual(expected);
    expect(test.openProblems).toMatchObject([{ path: 'd (2)', severity: 'warning', canRetry: false }]);
  });

  it('as this disk has it, gives way to the folder that others have', async () => {
    const test = await startMirror({ d: 'a file here\n', 'b.bin': new Uint8Array([0, 1]) });
    test.files.create('d/in.txt', 'in\n');
    test.files.create('b.bin/in.txt', 'in\n');
    await test.settle();
    await wait(test);
    expect(test.files.contents).toEqual({ 'd (2)': 'a file here\n', 'd/in.txt': 'in\n', 'b.bin/in.txt': 'in\n' });
    expect(await test.folder.contents()).toEqual({ ...test.files.contents, 'b (2).bin': '\0\u0001' });
    expect(test.openProblems.filter(({ canRetry }) => canRetry)).toEqual([]);
  });

  it('for a moment only, stays what it is', async () => {
    const test = await startMirror({ f: 'f\n' });
    test.files.create('f/x.txt', 'x\n');
    await test.current.flush();
    await test.advance(3_000);
    test.files.remove([test.files.idOf('f')]);
    await wait(test);
    expect(test.files.contents).toEqual({ 'f/x.txt': 'x\n' });
    expect(await test.folder.contents()).toEqual({ 'f/x.txt': 'x\n' });
    expect(test.openProblems).toEqual([]);
  });
});
