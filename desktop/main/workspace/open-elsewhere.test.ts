import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm, stat, symlink } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findOpenElsewhere, findOpenIn } from './open-elsewhere.ts';
import { TestFolder } from './testing/mirror-under-test.ts';

it.runIf(process.platform === 'linux')(
  'finds which files without a name other programs have open, and not those that only Tutti has',
  async () => {
    const folder = await TestFolder.create({ 'theirs.txt': '', 'ours.txt': '' });
    const files = await Promise.all(['theirs.txt', 'ours.txt'].map((path) => open(folder.at(path))));
    const [theirs, ours] = files;
    if (!theirs || !ours) throw new Error('nothing was opened');
    onTestFinished(async () => {
      for (const file of files) await file.close();
    });
    const keys: string[] = [];
    for (const file of files) {
      const { dev, ino } = await file.stat({ bigint: true });
      keys.push(`${dev}:${ino}`);
    }
    const program = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', theirs.fd] });
    onTestFinished(() => void program.kill());
    await once(program, 'spawn');
    for (const path of ['theirs.txt', 'ours.txt']) await rm(folder.at(path));
    // Whether it is complete is up to the other programs of this user.
    expect((await findOpenElsewhere(new Set(keys))).open).toEqual(new Set(keys.slice(0, 1)));
    program.kill();
    await once(program, 'close');
    expect((await findOpenElsewhere(new Set(keys))).open).toEqual(new Set());
  },
);

describe.runIf(process.platform === 'linux')('whether the answer is complete', () => {
  /** What a system tells of a process that has one file open, and of this one. */
  async function tell(namespace = 'pid:[4026531836]'): Promise<{ proc: TestFolder; key: string }> {
    const proc = await TestFolder.create({ 'gone (deleted)': '' });
    for (const folder of ['999999999/fd', 'self/ns']) await mkdir(proc.at(folder), { recursive: true });
    await symlink(proc.at('gone (deleted)'), proc.at('999999999/fd/3'));
    await symlink(namespace, proc.at('self/ns/pid'));
    const { dev, ino } = await stat(proc.at('gone (deleted)'), { bigint: true });
    return { proc, key: `${dev}:${ino}` };
  }

  it('is so where all programs are seen, also when one has just ended', async () => {
    const { proc, key } = await tell();
    await mkdir(proc.at('999999998'));
    expect(await findOpenIn(proc.path, new Set([key]))).toEqual({ open: new Set([key]), isComplete: true });
  });

  it('is not so where a program of this user does not show what it has open', async () => {
    const { proc, key } = await tell();
    // No folder: to read it fails, for the superuser too.
    await proc.write('999999998/fd', '');
    expect(await findOpenIn(proc.path, new Set([key]))).toEqual({ open: new Set([key]), isComplete: false });
  });

  it('is not so in a container, nor where the system tells nothing', async () => {
    const { proc, key } = await tell('pid:[4026532281]');
    expect(await findOpenIn(proc.path, new Set([key]))).toEqual({ open: new Set([key]), isComplete: false });
    await proc.write('nothing', '');
    expect(await findOpenIn(proc.at('nothing'), new Set([key]))).toEqual({ open: new Set(), isComplete: false });
    expect(await findOpenIn(proc.at('missing'), new Set([key]))).toEqual({ open: new Set(), isComplete: false });
  });
});
