import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { findOpenElsewhere } from './open-elsewhere.ts';
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
    expect(await findOpenElsewhere(new Set(keys))).toEqual({ open: new Set(keys.slice(0, 1)), isComplete: true });
    program.kill();
    await once(program, 'close');
    expect(await findOpenElsewhere(new Set(keys))).toEqual({ open: new Set(), isComplete: true });
  },
);
