import { execFile } from 'node:child_process';
import { chmod, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { follow } from './testing/followed-folder.ts';
import { MirrorUnderTest, startMirror, TestFolder } from './testing/mirror-under-test.ts';

const SCRIPT = '#!/bin/sh\necho it runs\n';
const BINARY = new Uint8Array([0, 1, 2]);

const modeOf = async (test: MirrorUnderTest, path: string) => (await stat(test.folder.at(path))).mode & 0o7777;

function listed(test: MirrorUnderTest): Readonly<Record<string, boolean | undefined>> {
  return Object.fromEntries(test.files.files.map(({ path, executable }) => [path, executable]));
}

describe('a file that is executable on disk', () => {
  it('is so in the room, be it a text or not, and of others nothing is said', async () => {
    const folder = await TestFolder.create({ 'run.sh': SCRIPT, 'a.txt': 'a\n', tool: BINARY, 'logo.png': BINARY });
    await chmod(folder.at('run.sh'), 0o755);
    await chmod(folder.at('tool'), 0o700);
    // What others may is not shared.
    await chmod(folder.at('a.txt'), 0o655);
    const { files } = await follow(folder);
    expect(Object.fromEntries(files.files.map(({ path, executable }) => [path, executable]))).toEqual({
      'run.sh': true,
      tool: true,
    });
  });

  it('is so in the room as soon as it becomes so, also when nothing else has changed', async () => {
    const { folder, files, until } = await follow(await TestFolder.create({ 'run.sh': SCRIPT, 'logo.png': BINARY }));
    const isExecutable = (path: string) => files.get(files.idOf(path))?.executable;
    for (const path of ['run.sh', 'logo.png']) {
      await chmod(folder.at(path), 0o755);
      await until(() => isExecutable(path) === true);
      await chmod(folder.at(path), 0o644);
      await until(() => isExecutable(path) === false);
    }
  });

  it('keeps that when it is renamed on either side, and brings it along under a new id', async () => {
    const test = await startMirror({ 'run.sh': SCRIPT });
    await chmod(test.folder.at('run.sh'), 0o755);
    await test.settle();
    const id = test.files.idOf('run.sh');
    await rename(test.folder.at('run.sh'), test.folder.at('build.sh'));
    await test.settle();
    expect(test.files.get(id)).toMatchObject({ path: 'build.sh', executable: true });
    test.files.update(id, { path: 'bin/build.sh' });
    await test.settle();
    expect(await test.folder.isExecutable('bin/build.sh')).toBe(true);
    test.files.remove([id]);
    await test.settle();
    expect(await test.folder.contents()).toEqual({});
    test.files.create('bin/build.sh', SCRIPT, { executable: true });
    await test.settle();
    expect(await test.folder.isExecutable('bin/build.sh')).toBe(true);
  });

  it('of which the room has never heard is so there, from a mirror that did not know of it either', async () => {
    const test = await startMirror({ 'run.sh': SCRIPT, 'a.txt': 'a\n' });
    await test.stop();
    for (const { fileId } of test.files.files) {
      const { path, hash, text } = test.bases.get(fileId) ?? { path: '', hash: '', text: '' };
      test.bases.set(fileId, { path, hash, text });
    }
    await chmod(test.folder.at('run.sh'), 0o755);
    await test.start();
    expect(listed(test)).toEqual({ 'run.sh': true });
    expect(test.files.contents).toEqual({ 'run.sh': SCRIPT, 'a.txt': 'a\n' });
  });

  it('is told to the room with five hundred others in one step, and comes from there in one go', async () => {
    const paths = Array.from({ length: 500 }, (_unused, n) => `bin/${n}.sh`);
    const test = await startMirror(Object.fromEntries(paths.map((path) => [path, SCRIPT])));
    const { updateCalls } = test.files;
    for (const path of paths) await chmod(test.folder.at(path), 0o755);
    await test.settle();
    expect(test.files.updateCalls - updateCalls).toBe(1);
    expect(test.files.files.every(({ executable }) => executable === true)).toBe(true);
    test.files.updateAll(new Map(test.files.files.map(({ fileId }) => [fileId, { executable: false }])));
    await test.flush();
    for (const path of paths) expect(await test.folder.isExecutable(path)).toBe(false);
    expect(test.files.updateCalls - updateCalls).toBe(2);
  });

  it('waits while this device cannot keep it, and is told then', async () => {
    const test = await startMirror({ 'run.sh': SCRIPT });
    test.files.isFull = true;
    await chmod(test.folder.at('run.sh'), 0o755);
    await test.settle();
    expect(listed(test)).toEqual({});
    expect(test.openProblems).toMatchObject([{ path: 'run.sh', canRetry: true }]);
    test.files.isFull = false;
    await test.settle();
    expect(listed(test)).toEqual({ 'run.sh': true });
    expect(test.openProblems).toEqual([]);
  });
});

describe('a file that is executable in the room', () => {
  it('comes to the disk so, for those who may read it there', async () => {
    const test = await startMirror();
    const blob = test.blobs.bring(BINARY);
    test.files.create('run.sh', SCRIPT, { executable: true });
    test.files.create('tool', '', { kind: 'binary', blob, sizeBytes: BINARY.length, executable: true });
    test.files.create('a.txt', 'a\n');
    const before = process.umask(0o027);
    await test.flush();
    process.umask(before);
    expect([await modeOf(test, 'run.sh'), await modeOf(test, 'tool'), await modeOf(test, 'a.txt')]).toEqual([
      0o750, 0o750, 0o640,
    ]);
    expect((await promisify(execFile)(test.folder.at('run.sh'))).stdout).toBe('it runs\n');
  });

  it('becomes so and ceases to be so without any other right being touched, with its text or alone', async () => {
    const test = await startMirror({ 'run.sh': SCRIPT, 'logo.png': BINARY });
    const ids = ['run.sh', 'logo.png'].map((path) => test.files.idOf(path));
    const modes = () => Promise.all(['run.sh', 'logo.png'].map((path) => modeOf(test, path)));
    await chmod(test.folder.at('run.sh'), 0o2640);
    await chmod(test.folder.at('logo.png'), 0o604);
    test.files.updateAll(new Map(ids.map((fileId) => [fileId, { executable: true }])));
    await test.flush();
    expect(await modes()).toEqual([0o2750, 0o705]);
    const blob = test.blobs.bring('\0other');
    test.files.insert(ids[0] ?? '', 0, '# changed\n');
    test.files.update(ids[0] ?? '', { executable: false });
    test.files.update(ids[1] ?? '', { executable: false, blob, sizeBytes: 6 });
    await test.flush();
    expect(await modes()).toEqual([0o2640, 0o604]);
    expect(await test.folder.read('logo.png')).toBe('\0other');
    expect(test.openProblems).toEqual([]);
  });

  it('is never there without its text, nor with it and not executable', async () => {
    const test = await startMirror({ 'run.sh': 'echo old\n' });
    const seen: string[] = [];
    const { rename: put } = test.writes;
    test.writes.rename = (from, to) => {
      put.call(test.writes, from, to);
      seen.push('put in place');
    };
    test.writes.chmod = async () => void seen.push('changed in place');
    test.files.insert(test.files.idOf('run.sh'), 0, '#!/bin/sh\n');
    test.files.update(test.files.idOf('run.sh'), { executable: true });
    await test.flush();
    expect(await test.folder.isExecutable('run.sh')).toBe(true);
    expect(seen).toEqual(['put in place']);
  });

  it('leaves what is on disk executable as it is when somebody who cannot tell changes the text', async () => {
    const test = await startMirror({ 'run.sh': SCRIPT });
    await chmod(test.folder.at('run.sh'), 0o755);
    await test.settle();
    test.files.insert(test.files.idOf('run.sh'), 0, '# windows\n');
    test.files.update(test.files.idOf('run.sh'), { eol: 'CRLF' });
    await test.settle();
    expect(await modeOf(test, 'run.sh')).toBe(0o755);
    expect(listed(test)).toEqual({ 'run.sh': true });
  });

  it('does not make what a link leads to executable', async () => {
    const outside = await TestFolder.create({ 'secret.sh': SCRIPT });
    const test = await startMirror({ 'run.sh': SCRIPT });
    const id = test.files.idOf('run.sh');
    await rm(test.folder.at('run.sh'));
    await symlink(outside.at('secret.sh'), test.folder.at('run.sh'));
    test.files.update(id, { executable: true });
    await test.settle();
    expect(await outside.isExecutable('secret.sh')).toBe(false);
  });
});

describe('disk and room', () => {
  it('merge what was changed on both sides, while the mirror did not run', async () => {
    const test = await startMirror({ disk: 'd\n', room: 'r\n', both: 'b\n', off: 'o\n' });
    await chmod(test.folder.at('off'), 0o755);
    await test.settle();
    await test.stop();
    for (const path of ['disk', 'both']) await chmod(test.folder.at(path), 0o755);
    await chmod(test.folder.at('off'), 0o644);
    for (const path of ['room', 'both']) test.files.update(test.files.idOf(path), { executable: true });
    test.files.insert(test.files.idOf('disk'), 0, 'typed ');
    await writeFile(test.folder.at('room'), 'r\nwritten\n');
    await test.start();
    expect(listed(test)).toEqual({ disk: true, room: true, both: true, off: false });
    for (const path of ['disk', 'room', 'both']) expect(await test.folder.isExecutable(path)).toBe(true);
    expect(await test.folder.isExecutable('off')).toBe(false);
    const texts = { disk: 'typed d\n', room: 'r\nwritten\n', both: 'b\n', off: 'o\n' };
    expect(await test.folder.contents()).toEqual(texts);
    expect(test.files.contents).toEqual(texts);
  });

  it('that meet with the same text are executable where the room has said something, and else as on disk', async () => {
    const test = await startMirror();
    await test.stop();
    for (const path of ['on', 'off', 'none', 'plain']) await test.folder.write(path, 'same\n');
    for (const path of ['off', 'none']) await chmod(test.folder.at(path), 0o755);
    test.files.create('on', 'same\n', { executable: true });
    test.files.create('off', 'same\n', { executable: false });
    for (const path of ['none', 'plain']) test.files.create(path, 'same\n');
    await test.start();
    expect(listed(test)).toEqual({ on: true, off: false, none: true });
    const paths = ['on', 'off', 'none', 'plain'];
    expect(await Promise.all(paths.map((path) => test.folder.isExecutable(path)))).toEqual([true, false, true, false]);
  });

  it('keep what another program changed while a text was being written', async () => {
    const test = await startMirror({ 'run.sh': SCRIPT });
    test.writes.beforeSync = () => chmod(test.folder.at('run.sh'), 0o755);
    test.files.insert(test.files.idOf('run.sh'), 0, '# typed\n');
    await test.flush();
    expect(await test.folder.isExecutable('run.sh')).toBe(true);
    await test.settle();
    expect(listed(test)).toEqual({ 'run.sh': true });
  });
});

describe('on a disk that does not tell which files are executable', () => {
  it('nothing of it is read or changed, and nobody’s files cease to be executable', async () => {
    const test = new MirrorUnderTest(await TestFolder.create());
    test.writes.ignoresModes = true;
    await test.start();
    await test.folder.write('own.sh', SCRIPT);
    await chmod(test.folder.at('own.sh'), 0o755);
    test.files.create('run.sh', SCRIPT, { executable: true });
    await test.settle();
    expect(listed(test)).toEqual({ 'run.sh': true });
    expect([await modeOf(test, 'own.sh'), await test.folder.isExecutable('run.sh')]).toEqual([0o755, false]);
    test.files.insert(test.files.idOf('run.sh'), 0, '# changed\n');
    test.files.update(test.files.idOf('own.sh'), { executable: false });
    await test.folder.write('own.sh', `${SCRIPT}# changed\n`);
    await test.settle();
    expect(listed(test)).toEqual({ 'own.sh': false, 'run.sh': true });
    expect(await modeOf(test, 'own.sh')).toBe(0o755);
    expect(test.problems).toEqual([]);
  });

  it('it begins to count when the folder comes to one that does', async () => {
    const test = new MirrorUnderTest(await TestFolder.create());
    test.writes.ignoresModes = true;
    await test.start();
    test.files.create('run.sh', SCRIPT, { executable: true });
    await test.settle();
    test.writes.ignoresModes = false;
    await test.settle();
    expect(await test.folder.isExecutable('run.sh')).toBe(true);
    expect(listed(test)).toEqual({ 'run.sh': true });
  });
});
