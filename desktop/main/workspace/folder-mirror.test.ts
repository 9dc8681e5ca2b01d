import { chmod, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MirrorUnderTest, startMirror, TestFolder } from './testing/mirror-under-test.ts';

describe('seeding', () => {
  it('lists what is in the folder, by kind, without what Git leaves out', async () => {
    const { files } = await startMirror({
      'a.txt': 'one\n',
      'src/b.ts': 'two\r\nthree\r\n',
      'bom.txt': '\ufeffx\n',
      'logo.png': new Uint8Array([1, 0, 2]),
      '.gitignore': 'dist/\n*.log\n',
      'dist/out.js': 'x',
      'src/debug.log': 'x',
      '.git/config': 'x',
      'big.txt': 'x'.repeat(5 * 1024 * 1024 + 1),
    });
    expect(files.files.map(({ path, kind, eol, bom }) => `${path} ${kind} ${eol} ${bom}`)).toEqual([
      '.gitignore text LF false',
      'a.txt text LF false',
      'big.txt oversized LF false',
      'bom.txt text LF true',
      'logo.png binary LF false',
      'src/b.ts text CRLF false',
    ]);
    expect(files.contents['src/b.ts']).toBe('two\nthree\n');
    expect(files.contents['bom.txt']).toBe('x\n');
  });

  it('comes in batches, so that the first files can be opened early', async () => {
    const { files } = await startMirror(
      Object.fromEntries(Array.from({ length: 120 }, (_unused, n) => [`f${n}.txt`, `${n}`])),
    );
    expect(files.files).toHaveLength(120);
    expect(files.createCalls).toBe(3);
  });

  it('leaves files of mixed line ends as they are until they are edited', async () => {
    const test = await startMirror({ 'mixed.txt': 'a\r\nb\nc\r\n' });
    await test.settle();
    expect(await test.folder.read('mixed.txt')).toBe('a\r\nb\nc\r\n');
  });

  it('shares one of two names that differ only in case, and leaves both on disk', async () => {
    const test = await startMirror({ Makefile: 'one\n', makefile: 'two\n' });
    await test.settle();
    expect(Object.keys(test.files.contents)).toEqual(['Makefile']);
    expect(await test.folder.contents()).toEqual({ Makefile: 'one\n', makefile: 'two\n' });
    expect(test.openProblems.map(({ path }) => path)).toEqual(['makefile']);
  });
});

describe('changes in the room', () => {
  it('reach the disk after a pause of 200 ms, with the line ends and the mark of the file', async () => {
    const test = await startMirror({ 'a.txt': '\ufeffone\r\n' });
    test.files.insert(test.files.idOf('a.txt'), 4, 'two\n');
    await test.advance(199);
    expect(await test.folder.read('a.txt')).toBe('\ufeffone\r\n');
    await test.advance(1);
    expect(await test.folder.read('a.txt')).toBe('\ufeffone\r\ntwo\r\n');
  });

  it('do not wait longer than 2 s for a pause', async () => {
    const test = await startMirror({ 'a.txt': '' });
    const id = test.files.idOf('a.txt');
    for (let step = 0; step < 21; step++) {
      test.files.insert(id, 0, 'x');
      await test.advance(100);
    }
    expect((await test.folder.read('a.txt')).length).toBeGreaterThanOrEqual(20);
  });

  it('are on disk after a flush that does not wait for whoever goes on typing', async () => {
    const test = await startMirror({ 'a.txt': '' });
    const id = test.files.idOf('a.txt');
    test.files.insert(id, 0, 'typed before\n');
    let isFlushed = false;
    const flushing = test.current.flush().finally(() => (isFlushed = true));
    for (let key = 0; key < 5_000 && !isFlushed; key++) {
      test.files.insert(id, 0, 'x');
      await nextTurn();
    }
    expect(isFlushed).toBe(true);
    await flushing;
    expect(await test.folder.read('a.txt')).toContain('typed before\n');
  });

  it('make, rename and remove files, and the folders that become empty', async () => {
    const test = await startMirror({ 'a/b/old.txt': 'x' });
    const id = test.files.create('new/deep/file.txt', 'hello\n', { eol: 'CRLF' });
    test.files.update(test.files.idOf('a/b/old.txt'), { path: 'c/renamed.txt' });
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'c/renamed.txt': 'x', 'new/deep/file.txt': 'hello\r\n' });
    await expect(stat(test.folder.at('a'))).rejects.toThrow('ENOENT');
    expect(test.current.pathOnDisk(id)).toBe(test.folder.at('new/deep/file.txt'));
    test.files.remove([id]);
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'c/renamed.txt': 'x' });
    expect(test.problems).toEqual([]);
  });

  it('of line ends alone rewrite the file', async () => {
    const test = await startMirror({ 'a.txt': 'one\ntwo\n' });
    test.files.update(test.files.idOf('a.txt'), { eol: 'CRLF', bom: true });
    await test.current.flush();
    expect(await test.folder.read('a.txt')).toBe('\ufeffone\r\ntwo\r\n');
  });

  it('let two files change places', async () => {
    const test = await startMirror({ 'a.txt': 'AAA', 'b.txt': 'BBB', 'c.txt': 'CCC' });
    const [a, b, c] = ['a.txt', 'b.txt', 'c.txt'].map((path) => test.files.idOf(path));
    await test.folder.write('a.txt', 'AAA!');
    test.files.update(a ?? '', { path: 'b.txt' });
    test.files.update(b ?? '', { path: 'c.txt' });
    test.files.update(c ?? '', { path: 'a.txt' });
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'CCC', 'b.txt': 'AAA!', 'c.txt': 'BBB' });
    expect(test.problems).toEqual([]);
    await test.settle();
    expect(test.files.contents).toEqual({ 'a.txt': 'CCC', 'b.txt': 'AAA!', 'c.txt': 'BBB' });
  });

  it('do not overwrite a file that nobody shared', async () => {
    const test = await startMirror({ 'a.txt': 'A', '.gitignore': 'secret.txt\n', 'secret.txt': 'mine' });
    test.files.update(test.files.idOf('a.txt'), { path: 'secret.txt' });
    await test.current.flush();
    const contents = await test.folder.contents();
    expect(contents['secret.txt']).toBe('A');
    expect(Object.entries(contents).find(([path]) => path.startsWith('secret.txt.local-'))?.[1]).toBe('mine');
    expect(test.openProblems.map(({ severity }) => severity)).toEqual(['warning']);
  });

  it('do not overwrite a file that comes to be there in the last moment', async () => {
    const test = await startMirror({ 'a.txt': 'A' });
    test.bases.beforeMove = () => test.folder.write('b.txt', 'of another');
    test.files.update(test.files.idOf('a.txt'), { path: 'b.txt' });
    await test.settle();
    const { 'b.txt': text, ...others } = await test.folder.contents();
    expect(text).toBe('A');
    expect(Object.values(others)).toEqual(['of another']);
    expect(test.files.contents).toEqual({ 'b.txt': 'A' });
  });

  it('keep permissions', async () => {
    const test = await startMirror({ 'run.sh': 'echo\n' });
    await chmod(test.folder.at('run.sh'), 0o755);
    test.files.insert(test.files.idOf('run.sh'), 0, '#!/bin/sh\n');
    await test.current.flush();
    expect((await stat(test.folder.at('run.sh'))).mode & 0o777).toBe(0o755);
  });

  it('never leave the folder through a link', async () => {
    const outside = await TestFolder.create({ 'victim.txt': 'safe' });
    const folder = await TestFolder.create({ 'a.txt': 'x' });
    await symlink(outside.path, folder.at('link'));
    await symlink(outside.at('victim.txt'), folder.at('file-link.txt'));
    const test = new MirrorUnderTest(folder);
    await test.start();
    expect(test.files.files.map(({ path }) => path)).toEqual(['a.txt']);
    test.files.create('link/victim.txt', 'pwned');
    test.files.create('file-link.txt', 'pwned');
    test.files.create('link/new.txt', 'pwned');
    await test.current.flush();
    expect(await outside.contents()).toEqual({ 'victim.txt': 'safe' });
    expect(test.openProblems.map(({ path, canRetry }) => `${path} ${canRetry}`).sort()).toEqual([
      'file-link.txt true',
      'link/new.txt true',
      'link/victim.txt true',
    ]);
  });
});

describe('changes on disk', () => {
  it('merge into the text while it is being edited', async () => {
    const test = await startMirror({ 'a.txt': 'one\ntwo\nthree\n' });
    const id = test.files.idOf('a.txt');
    test.files.insert(id, 0, 'room ');
    await test.folder.write('a.txt', 'one\ntwo\nthree disk\n');
    await test.settle();
    expect(test.files.readText(id)).toBe('room one\ntwo\nthree disk\n');
    expect(await test.folder.read('a.txt')).toBe('room one\ntwo\nthree disk\n');
  });

  it('that both sides made alike count once', async () => {
    const test = await startMirror({ 'a.txt': 'one\n' });
    const id = test.files.idOf('a.txt');
    test.files.insert(id, 4, 'two\n');
    await test.folder.write('a.txt', 'one\ntwo\n');
    await test.settle();
    expect(test.files.readText(id)).toBe('one\ntwo\n');
  });

  it('make, rename and remove files', async () => {
    const test = await startMirror({ 'a.txt': 'alpha\n', 'b.txt': 'beta\n' });
    const id = test.files.idOf('a.txt');
    await mkdir(test.folder.at('sub'));
    await rename(test.folder.at('a.txt'), test.folder.at('sub/moved.txt'));
    await rm(test.folder.at('b.txt'));
    await test.folder.write('c.txt', 'gamma\n');
    await test.settle();
    expect(test.files.contents).toEqual({ 'sub/moved.txt': 'alpha\n', 'c.txt': 'gamma\n' });
    expect(test.files.idOf('sub/moved.txt')).toBe(id);
    expect(test.problems).toEqual([]);
  });

  it('of line ends reach the room', async () => {
    const test = await startMirror({ 'a.txt': 'one\ntwo\n' });
    await test.folder.write('a.txt', 'one\r\ntwo\r\n');
    await test.settle();
    expect(test.files.files[0]).toMatchObject({ eol: 'CRLF' });
    expect(await test.folder.read('a.txt')).toBe('one\r\ntwo\r\n');
  });

  it('made right before a write are merged, not overwritten', async () => {
    const test = await startMirror({ 'a.txt': 'one\ntwo\n' });
    const id = test.files.idOf('a.txt');
    test.writes.beforeSync = () => test.folder.write('a.txt', 'one\ntwo\ndisk\n');
    test.files.insert(id, 0, 'room\n');
    await test.current.flush();
    await test.rest();
    expect(test.files.readText(id)).toBe('room\none\ntwo\ndisk\n');
    expect(await test.folder.read('a.txt')).toBe('room\none\ntwo\ndisk\n');
  });

  it('that delete a file with unsaved edits bring it back', async () => {
    const test = await startMirror({ 'a.txt': 'one\n' });
    test.files.insert(test.files.idOf('a.txt'), 0, 'edit ');
    await rm(test.folder.at('a.txt'));
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'edit one\n' });
    expect(test.openProblems).toMatchObject([{ severity: 'warning', path: 'a.txt', canRetry: false }]);
  });

  it('keep a file that the room deleted, and share it again', async () => {
    const test = await startMirror({ 'a.txt': 'one\n' });
    await test.folder.write('a.txt', 'changed\n');
    test.files.remove([test.files.idOf('a.txt')]);
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'changed\n' });
    expect(test.files.contents).toEqual({ 'a.txt': 'changed\n' });
    expect(test.openProblems).toMatchObject([{ severity: 'warning', path: 'a.txt' }]);
  });

  it('that make a text binary where it is edited are told, and a binary file that becomes text is shared', async () => {
    const test = await startMirror({ 'a.txt': '\n', 'b.bin': new Uint8Array([0, 1]) });
    await test.folder.write('a.txt', new Uint8Array([0, 1, 2]));
    test.files.insert(test.files.idOf('a.txt'), 0, 'one');
    await test.folder.write('b.bin', 'text now\n');
    await test.settle();
    await test.settle();
    expect(test.openProblems).toMatchObject([{ path: 'a.txt', canRetry: false }]);
    expect(test.files.contents).toEqual({ 'a.txt': 'one\n', 'b.bin': 'text now\n' });
    await test.folder.write('a.txt', 'one\ntwo\n');
    await test.settle();
    expect(test.files.contents['a.txt']).toBe('one\ntwo\n');
    expect(test.files.idOf('a (2).txt')).not.toBe(test.files.idOf('a.txt'));
  });

  it('do not count when the whole folder is gone', async () => {
    const test = await startMirror({ 'a.txt': 'one\n', 'b.txt': 'two\n' });
    const away = `${test.folder.path}-away`;
    await rename(test.folder.path, away);
    test.files.insert(test.files.idOf('a.txt'), 0, 'edit ');
    await test.settle();
    expect(Object.keys(test.files.contents)).toEqual(['a.txt', 'b.txt']);
    expect(test.openProblems).toMatchObject([{ id: 'folder', canRetry: true, severity: 'error' }]);
    await rename(away, test.folder.path);
    await test.settle();
    expect(test.openProblems).toEqual([]);
    expect(await test.folder.read('a.txt')).toBe('edit one\n');
  });

  it('leave a binary file alone when the room deletes it before it has its content', async () => {
    const test = new MirrorUnderTest(await TestFolder.create({ 'b.bin': new Uint8Array([0, 1]) }));
    test.blobs.isOffline = true;
    await test.start();
    test.files.remove([test.files.idOf('b.bin')]);
    await test.current.flush();
    expect([...(await readFile(test.folder.at('b.bin')))]).toEqual([0, 1]);
    expect(test.openProblems).toMatchObject([{ severity: 'info', path: 'b.bin' }]);
  });
});

describe('failing writes', () => {
  it.each(['ENOSPC', 'EACCES'])('%s is told, kept and tried again', async (errno) => {
    const test = await startMirror({ 'a.txt': 'one\n' });
    const id = test.files.idOf('a.txt');
    test.writes.errno = errno;
    test.files.insert(id, 0, 'edit ');
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'one\n' });
    expect(test.openProblems).toMatchObject([{ fileId: id, path: 'a.txt', severity: 'error', canRetry: true }]);
    test.writes.errno = undefined;
    test.current.retry();
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'edit one\n' });
    expect(test.openProblems).toEqual([]);
    expect(test.problems.at(-1)).toMatchObject({ isResolved: true });
  });
});

describe('the next start', () => {
  it('takes up what happened on both sides meanwhile', async () => {
    const test = await startMirror({
      'a.txt': 'one\ntwo\n',
      'gone.txt': 'gone',
      'moved.txt': 'moved',
      'kept.txt': 'kept',
    });
    await test.stop();
    test.files.insert(test.files.idOf('a.txt'), 0, 'room\n');
    test.files.insert(test.files.idOf('kept.txt'), 0, 'edited ');
    await test.folder.write('a.txt', 'one\ntwo\ndisk\n');
    await rm(test.folder.at('gone.txt'));
    await rm(test.folder.at('kept.txt'));
    await rename(test.folder.at('moved.txt'), test.folder.at('here.txt'));
    await test.start();
    await test.rest();
    const expected = { 'a.txt': 'room\none\ntwo\ndisk\n', 'here.txt': 'moved', 'kept.txt': 'edited kept' };
    expect(test.files.contents).toEqual(expected);
    expect(await test.folder.contents()).toEqual(expected);
  });

  it('keeps what the folder had where the room has another text', async () => {
    const test = new MirrorUnderTest(await TestFolder.create({ 'a.txt': 'local', 'same.txt': 'same' }));
    test.files.create('a.txt', 'shared');
    test.files.create('same.txt', 'same');
    await test.start();
    const { 'a.txt': text, 'same.txt': same, ...others } = await test.folder.contents();
    expect([text, same]).toEqual(['shared', 'same']);
    expect(Object.keys(others)).toEqual([expect.stringMatching(/^a\.txt\.local-\d{8}T\d{6}Z$/)]);
    expect(Object.values(others)).toEqual(['local']);
    expect(test.openProblems).toMatchObject([{ severity: 'warning', path: 'a.txt' }]);
    await test.settle();
    expect(Object.keys(test.files.contents)).toEqual(['a.txt', 'same.txt']);
  });

  it('does not share a file again whose text has not come from the room yet', async () => {
    const test = new MirrorUnderTest(await TestFolder.create({ 'a.txt': 'same', 'b.txt': 'local' }));
    const [a, b] = [test.files.announce('a.txt'), test.files.announce('b.txt')];
    await test.start();
    await test.settle();
    expect(test.files.createCalls).toBe(0);
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'same', 'b.txt': 'local' });
    test.files.bring(a, 'same');
    test.files.bring(b, 'shared');
    await test.settle();
    expect(test.files.contents).toEqual({ 'a.txt': 'same', 'b.txt': 'shared' });
    const { 'b.txt': text, ...others } = await test.folder.contents();
    expect(text).toBe('shared');
    expect(Object.values(others).sort()).toEqual(['local', 'same']);
  });

  it('does not empty the room when the folder was emptied', async () => {
    const test = await startMirror({ 'a.txt': 'one', 'b.txt': 'two' });
    await test.stop();
    await rm(test.folder.at('a.txt'));
    await rm(test.folder.at('b.txt'));
    await test.start();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'one', 'b.txt': 'two' });
  });

  it('rejects when the folder is not there', async () => {
    const test = new MirrorUnderTest(await TestFolder.create());
    await rm(test.folder.path, { recursive: true });
    await expect(test.start()).rejects.toMatchObject({ code: 'folder-missing' });
  });
});
