import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  readFiles,
  shareFolder,
  whenAsked,
  whenExecutable,
  whenFiles,
  whenMirror,
  whenTold,
  writeFiles,
} from '../testing/mirroring.ts';

const FILES = { 'a.txt': 'one\ntwo\nthree\n', 'src/b.ts': 'let b;\n' };
const MINE = { sharesOthers: false, mine: ['a.txt'], allowsLargeBackup: false };
const THEIRS = { sharesOthers: false, mine: [], allowsLargeBackup: false };

describe('a guest who mirrors the room', () => {
  it('to an empty folder gets its files, and what is done on disk goes both ways', async () => {
    const { folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const mine = ben.makeFolder('mine');
    expect(await host.mirror.choose(mine)).toEqual({ ok: true, value: true });
    await whenFiles(mine, FILES);
    expect(host.folderPath).toBe(mine);
    writeFileSync(join(mine, 'a.txt'), 'one\ntwo and more\nthree\n');
    writeFileSync(join(mine, 'new.txt'), 'new\n');
    await whenFiles(folder, { ...FILES, 'a.txt': 'one\ntwo and more\nthree\n', 'new.txt': 'new\n' });
    rmSync(join(folder, 'src'), { recursive: true });
    await whenFiles(mine, { 'a.txt': 'one\ntwo and more\nthree\n', 'new.txt': 'new\n' });
    expect(host.currentProblems).toEqual([]);
  });

  it('can run what the host makes executable, and makes it so for the host', async () => {
    const script = { 'build.sh': '#!/bin/sh\necho built\n' };
    const { folder, link, newcomer } = await shareFolder({ ...FILES, ...script });
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const mine = ben.makeFolder('mine');
    await host.mirror.choose(mine);
    await whenFiles(mine, { ...FILES, ...script });
    chmodSync(join(folder, 'build.sh'), 0o755);
    await whenExecutable(join(mine, 'build.sh'), true);
    expect(execFileSync(join(mine, 'build.sh'), { encoding: 'utf8' })).toBe('built\n');
    chmodSync(join(mine, 'build.sh'), 0o644);
    await whenExecutable(join(folder, 'build.sh'), false);
    expect(readFiles(folder)).toEqual({ ...FILES, ...script });
    expect(host.currentProblems).toEqual([]);
  });

  it('to a folder with files of its own is asked first, and nothing is written until then', async () => {
    const { folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const own = { 'a.txt': 'one\nTWO\nthree\n', 'mine.txt': 'mine\n', 'node_modules/x.js': 'x' };
    const mine = ben.makeFolder('mine', own);
    await host.mirror.choose(mine);
    const preview = await whenAsked(host);
    expect(preview).toMatchObject({
      counts: { same: 0, onlyHere: 1, onlyInRoom: 1, different: 1, leftOut: 1, tooLarge: 0 },
      onlyHere: [{ path: 'mine.txt' }],
      onlyInRoom: ['src/b.ts'],
      different: [{ path: 'a.txt' }],
      leftOut: [{ path: 'node_modules' }],
      direction: 'both',
    });
    expect(await host.mirror.readDifference('a.txt')).toEqual({
      ok: true,
      value: { room: FILES['a.txt'], folder: own['a.txt'] },
    });
    expect(readFiles(mine)).toEqual(own);
    expect(readFiles(folder)).toEqual(FILES);
  });

  it('takes the room’s files, keeps its own to itself and finds all of them in the backup', async () => {
    const { ana, folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const own = { 'a.txt': 'one\nTWO\nthree\n', 'mine.txt': 'mine\n', 'sub/deep.txt': 'deep\n' };
    const mine = ben.makeFolder('mine', own);
    await host.mirror.choose(mine);
    await whenAsked(host);
    const started = await host.mirror.start(THEIRS);
    const backup = started.ok && started.value.kind === 'started' ? (started.value.backup ?? '') : '';
    expect(backup).toContain(join(ben.data, 'backups'));
    expect(readFiles(join(backup, 'files'))).toEqual(own);
    const manifest: unknown = JSON.parse(readFileSync(join(backup, 'backup.json'), 'utf8'));
    expect(manifest).toMatchObject({ version: 1, folder: mine, room: host.room });
    await whenFiles(mine, { ...FILES, 'mine.txt': 'mine\n', 'sub/deep.txt': 'deep\n' });
    expect((await whenTold(host, 'mirror-backup')).detail).toContain(backup);
    expect(await whenTold(host, 'mirror-held')).toMatchObject({ title: '2 files of the folder are not shared.' });
    // They stay to themselves, also when they change and at the next start, while what is new is shared.
    await ben.quit();
    writeFileSync(join(mine, 'mine.txt'), 'still mine\n');
    const again = await ben.join(link);
    await whenMirror(again, 'running');
    writeFileSync(join(mine, 'new.txt'), 'new\n');
    await whenFiles(folder, { ...FILES, 'new.txt': 'new\n' });
    expect(await whenMirror(again, 'running')).toMatchObject({
      heldCount: 2,
      heldPaths: ['mine.txt', 'sub/deep.txt'],
      isHeldByChoice: true,
      direction: 'both',
    });
    expect(again.currentProblems.some(({ id }) => id === 'mirror-held')).toBe(false);
    await ana.quit();
  });

  it('shares what it has, and puts its text in as edits beside those made meanwhile', async () => {
    const { folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const mine = ben.makeFolder('mine', { 'a.txt': 'one\nTWO\nthree\n', 'mine.txt': 'mine\n' });
    await host.mirror.choose(mine);
    await whenAsked(host);
    writeFileSync(join(folder, 'a.txt'), 'one\ntwo\nthree, by Ana\n');
    expect(await host.mirror.start({ ...MINE, sharesOthers: true })).toMatchObject({ ok: true });
    const together = { ...FILES, 'a.txt': 'one\nTWO\nthree, by Ana\n', 'mine.txt': 'mine\n' };
    await whenFiles(folder, together);
    await whenFiles(mine, together);
  });

  it('is asked again where the folder has changed since it was shown', async () => {
    const { folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const mine = ben.makeFolder('mine', { 'mine.txt': 'mine\n' });
    await host.mirror.choose(mine);
    await whenAsked(host);
    writeFiles(mine, { 'late.txt': 'late\n' });
    const answer = { ...THEIRS, sharesOthers: true };
    expect(await host.mirror.start(answer)).toEqual({ ok: true, value: { kind: 'changed' } });
    expect((await whenAsked(host)).onlyHere.map(({ path }) => path)).toEqual(['late.txt', 'mine.txt']);
    expect(readFiles(folder)).toEqual(FILES);
    expect(await host.mirror.start(answer)).toMatchObject({ ok: true, value: { kind: 'started' } });
    await whenFiles(folder, { ...FILES, 'mine.txt': 'mine\n', 'late.txt': 'late\n' });
  });

  it('loses nothing where the backup fails', async () => {
    const { folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const own = { 'a.txt': 'one\nTWO\nthree\n' };
    const mine = ben.makeFolder('mine', own);
    await host.mirror.choose(mine);
    await whenAsked(host);
    writeFileSync(join(ben.data, 'backups'), 'in the way');
    const failed = await host.mirror.start(MINE);
    expect(failed).toMatchObject({ ok: false });
    expect(failed.ok ? '' : failed.explanation).toContain('could not be backed up');
    expect(readFiles(mine)).toEqual(own);
    expect(readFiles(folder)).toEqual(FILES);
    rmSync(join(ben.data, 'backups'));
    expect(await host.mirror.start(MINE)).toMatchObject({ ok: true, value: { kind: 'started' } });
    await whenFiles(folder, { ...FILES, ...own });
  });

  it('stops, and is asked again about the same folder later', async () => {
    const { link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const mine = ben.makeFolder('mine');
    await host.mirror.choose(mine);
    await whenFiles(mine, FILES);
    await host.mirror.stop();
    expect(host.folderPath).toBeUndefined();
    writeFileSync(join(mine, 'a.txt'), 'written afterwards\n');
    await ben.quit();
    const again = await ben.join(link);
    expect(again.mirror.state).toEqual({ kind: 'none' });
    await again.mirror.choose(mine);
    const { different } = await whenAsked(again);
    expect(different.map(({ path }) => path)).toEqual(['a.txt']);
    expect(readFiles(mine)).toEqual({ ...FILES, 'a.txt': 'written afterwards\n' });
  });

  it('stops, and what is chosen about another folder in the place of that one counts', async () => {
    const { folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const mine = ben.makeFolder('mine');
    await host.mirror.choose(mine);
    await whenFiles(mine, FILES);
    await host.mirror.stop();
    renameSync(mine, `${mine}-before`);
    ben.makeFolder('mine', { 'a.txt': 'one\nTWO\nthree\n' });
    await host.mirror.choose(mine);
    await whenAsked(host);
    expect(await host.mirror.start(MINE)).toMatchObject({ ok: true, value: { kind: 'started' } });
    const together = { ...FILES, 'a.txt': 'one\nTWO\nthree\n' };
    await whenFiles(folder, together);
    await whenFiles(mine, together);
    expect(host.currentProblems.some(({ id }) => id.endsWith('folder-replaced'))).toBe(false);
  });

  it('says that its folder is gone, makes none, and goes on when it is back', async () => {
    const { folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const mine = ben.makeFolder('mine');
    await host.mirror.choose(mine);
    await whenFiles(mine, FILES);
    await ben.quit();
    renameSync(mine, `${mine}-away`);
    const again = await ben.join(link);
    expect((await whenTold(again, 'folder')).detail).toContain(mine);
    expect(existsSync(mine)).toBe(false);
    expect(readFiles(folder)).toEqual(FILES);
    renameSync(`${mine}-away`, mine);
    again.retryMirror();
    await whenMirror(again, 'running');
    writeFileSync(join(mine, 'a.txt'), 'back\n');
    await whenFiles(folder, { ...FILES, 'a.txt': 'back\n' });
  });

  it('that goes while it is followed is told, and takes nothing from the room', async () => {
    const { folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const mine = ben.makeFolder('mine');
    await host.mirror.choose(mine);
    await whenFiles(mine, FILES);
    rmSync(mine, { recursive: true });
    expect((await whenTold(host, 'folder')).detail).toContain(mine);
    writeFileSync(join(folder, 'a.txt'), 'meanwhile\n');
    await ben.quit();
    expect(readFiles(folder)).toEqual({ ...FILES, 'a.txt': 'meanwhile\n' });
    expect(existsSync(mine)).toBe(false);
  });

  it('mirrors without being asked where nobody is there, and shares nothing that it had', async () => {
    const { folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link, { takesRoomFiles: true });
    const mine = ben.makeFolder('mine', { 'a.txt': 'mine\n', 'mine.txt': 'mine\n' });
    expect(await host.mirror.choose(mine)).toEqual({ ok: true, value: true });
    await whenFiles(mine, { ...FILES, 'mine.txt': 'mine\n' });
    expect(readFiles(folder)).toEqual(FILES);
    const { backup } = await whenMirror(host, 'running');
    expect(readFiles(join(backup ?? '', 'files'))).toEqual({ 'a.txt': 'mine\n', 'mine.txt': 'mine\n' });
  });
});

describe('a folder that a room cannot be mirrored to', () => {
  it('is refused where another room has it, lies in it or holds it', async () => {
    const { link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const outer = ben.makeFolder('outer');
    const own = ben.makeFolder('outer/own', { 'inner/x.txt': 'x\n' });
    await ben.open(own);
    for (const folder of [own, join(own, 'inner'), outer]) {
      const refused = await host.mirror.choose(folder);
      expect(refused).toMatchObject({ ok: false });
      expect(refused.ok ? '' : refused.explanation).toContain('another room of yours');
    }
    expect(host.mirror.state).toEqual({ kind: 'none' });
  });

  it('and a folder that mirrors a room is not opened as one of its own', async () => {
    const { link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    const mine = ben.makeFolder('mine');
    await host.mirror.choose(mine);
    await whenFiles(mine, FILES);
    for (const folder of [mine, join(mine, 'src')]) {
      await expect(ben.open(folder)).rejects.toThrow('which you joined');
    }
  });

  it('is refused where another Tutti has it, what lies in it, or what holds it', async () => {
    const { folder, link, newcomer } = await shareFolder(FILES);
    const ben = newcomer('ben');
    const host = await ben.join(link);
    for (const taken of [folder, join(folder, 'src'), dirname(folder)]) {
      const refused = await host.mirror.choose(taken);
      expect(refused.ok ? '' : refused.explanation).toContain('another Tutti on this device');
      expect(host.mirror.state).toEqual({ kind: 'none' });
    }
    expect(readFiles(folder)).toEqual(FILES);
  });

  it('is not opened while another Tutti mirrors a room in it, and the mirror begins again only when it is free', async () => {
    const { link, newcomer } = await shareFolder(FILES);
    const [ben, eve] = [newcomer('ben'), newcomer('eve')];
    const outer = eve.makeFolder('outer');
    const mine = join(outer, 'mine');
    const host = await ben.join(link);
    expect(await host.mirror.choose(mine, { isMade: true })).toEqual({ ok: true, value: true });
    await whenFiles(mine, FILES);
    await expect(eve.open(outer)).rejects.toThrow(`holds "${mine}"`);
    await ben.quit();
    await eve.open(outer);
    const again = await ben.join(link);
    const { detail } = await whenTold(again, 'folder');
    expect(detail).toContain(`"${mine}" lies in "${outer}"`);
    await eve.quit();
    again.retryMirror();
    await whenMirror(again, 'running');
  });
});

it('a room goes on in a folder within the one that it had', async () => {
  const { link, newcomer } = await shareFolder(FILES);
  const ben = newcomer('ben');
  const host = await ben.join(link);
  const mine = ben.makeFolder('mine');
  await host.mirror.choose(mine);
  await whenFiles(mine, FILES);
  const within = join(mine, 'within');
  expect(await host.mirror.choose(within, { isMade: true })).toEqual({ ok: true, value: true });
  await whenFiles(within, FILES);
  expect(host.folderPath).toBe(within);
});

it('a room that goes to another folder takes along what was written into the first just before', async () => {
  const { ana, folder, host } = await shareFolder(FILES);
  const [second, third] = [ana.makeFolder('second'), ana.makeFolder('third', { 'a.txt': 'another\n' })];
  writeFileSync(join(folder, 'a.txt'), 'written just before\n');
  writeFileSync(join(folder, 'new.txt'), 'new\n');
  const written = { ...FILES, 'a.txt': 'written just before\n', 'new.txt': 'new\n' };
  expect(await host.mirror.choose(second)).toEqual({ ok: true, value: true });
  await whenFiles(second, written);
  expect(await host.mirror.choose(third)).toEqual({ ok: true, value: true });
  await whenAsked(host);
  writeFileSync(join(second, 'new.txt'), 'new while asked\n');
  expect(await host.mirror.start(THEIRS)).toMatchObject({ ok: true, value: { kind: 'started' } });
  await whenFiles(third, { ...written, 'new.txt': 'new while asked\n' });
});

it('an owner who mirrors a known room to a folder with other files is asked as well', async () => {
  const { ana, host, folder } = await shareFolder(FILES);
  await whenMirror(host, 'running');
  const other = ana.makeFolder('other', { 'a.txt': 'other\n', 'x.txt': 'x\n' });
  expect(await host.mirror.choose(other)).toEqual({ ok: true, value: true });
  expect(await whenAsked(host)).toMatchObject({ counts: { onlyHere: 1, onlyInRoom: 1, different: 1 } });
  // Until then the first folder is followed.
  writeFileSync(join(folder, 'src/b.ts'), 'let b = 2;\n');
  const now = { ...FILES, 'src/b.ts': 'let b = 2;\n' };
  expect(await host.mirror.start(THEIRS)).toMatchObject({ ok: true, value: { kind: 'started' } });
  await whenFiles(other, { ...now, 'x.txt': 'x\n' });
  expect(host.folderPath).toBe(other);
  mkdirSync(join(other, 'more'));
  writeFileSync(join(other, 'more/m.txt'), 'm\n');
  expect(readFiles(folder)).toEqual(now);
});
