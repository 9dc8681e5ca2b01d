import { chmod, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../../shared/testing/seeded-random.ts';
import { dropPrivileges } from '../testing/without-privileges.ts';
import { type Misfortune, MirrorOnDevice } from './testing/mirror-on-device.ts';
import { type MirrorUnderTest, startMirror } from './testing/mirror-under-test.ts';

function swap({ files }: MirrorUnderTest, left: string, right: string): void {
  const [a, b] = [files.idOf(left), files.idOf(right)];
  files.update(a, { path: right });
  files.update(b, { path: left });
}

describe('two files that the room lets change places', () => {
  it('keep their permissions, and what was changed on disk', async () => {
    const test = await startMirror({ 'run.sh': 'one\n', 'text.md': 'two\n' });
    await chmod(test.folder.at('run.sh'), 0o750);
    await test.folder.write('run.sh', 'one\nmore\n');
    swap(test, 'run.sh', 'text.md');
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'run.sh': 'two\n', 'text.md': 'one\nmore\n' });
    expect(test.files.contents).toEqual({ 'run.sh': 'two\n', 'text.md': 'one\nmore\n' });
    expect((await stat(test.folder.at('text.md'))).mode & 0o777).toBe(0o750);
    expect(test.problems).toEqual([]);
  });

  it('keep contents that the room does not have', async () => {
    const test = await startMirror({ 'a.bin': new Uint8Array([0, 65]), 'b.bin': new Uint8Array([0, 66]) });
    swap(test, 'a.bin', 'b.bin');
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'a.bin': '\0B', 'b.bin': '\0A' });
    expect(test.problems).toEqual([]);
  });

  it('do so while the disk is full', async () => {
    const test = await startMirror({ 'a.txt': 'AAA', 'b.txt': 'BBB' });
    test.writes.errno = 'ENOSPC';
    swap(test, 'a.txt', 'b.txt');
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ 'a.txt': 'BBB', 'b.txt': 'AAA' });
    expect(test.problems).toEqual([]);
  });

  it.each(['a.txt', 'z.txt'])('stay where they are while one cannot leave its folder for %s', async (free) => {
    dropPrivileges();
    const test = await startMirror({ [free]: 'AAA', 'sub/b.txt': 'BBB' });
    await chmod(test.folder.at('sub'), 0o555);
    swap(test, free, 'sub/b.txt');
    await test.current.flush();
    expect(await test.folder.contents()).toEqual({ [free]: 'AAA', 'sub/b.txt': 'BBB' });
    expect(test.openProblems.map(({ title }) => title)).toContain('A file may not be written.');
    await chmod(test.folder.at('sub'), 0o755);
    await test.advance(3_000);
    expect(await test.folder.contents()).toEqual({ [free]: 'BBB', 'sub/b.txt': 'AAA' });
    expect(test.openProblems).toEqual([]);
  });

  // Wherever it stops, each of them is found again: with its own text, and what was changed on both sides.
  describe.each<Misfortune>(['end of the process', 'loss of power'])('at every step before the %s', (cause) => {
    it.each(['a.txt', 'b.txt'])('are found again where %s was changed on disk', async (edited) => {
      for (let steps = 0, isOver = false; !isOver; steps++) {
        const random = createSeededRandom(steps + 1);
        const device = await MirrorOnDevice.start({ 'a.txt': 'AAA\n', 'b.txt': 'BBB\n' });
        const { test } = device;
        const [a, b] = [test.files.idOf('a.txt'), test.files.idOf('b.txt')];
        await test.folder.write(edited, edited === 'a.txt' ? 'AAA\ndisk\n' : 'BBB\ndisk\n');
        test.files.insert(a, 0, 'room ');
        test.files.insert(b, 0, 'room ');
        swap(test, 'a.txt', 'b.txt');
        device.memory.commit();
        device.memory.process.plan(steps);
        await test.current.flush();
        isOver = !device.hasEnded;
        await device.end();
        await device.lose(random, cause);
        await device.startAgain();
        await test.settle();
        const texts = { 'a.txt': test.files.readText(b), 'b.txt': test.files.readText(a) };
        expect({ steps, ...texts }).toEqual({
          steps,
          'a.txt': edited === 'b.txt' ? 'room BBB\ndisk\n' : 'room BBB\n',
          'b.txt': edited === 'a.txt' ? 'room AAA\ndisk\n' : 'room AAA\n',
        });
        expect({ steps, ...(await test.folder.contents()) }).toEqual({ steps, ...texts });
      }
    });
  });

  it('are not merged into each other where bases were lost, whatever is on disk', async () => {
    const test = await startMirror({ 'a.txt': 'AAA\n', 'b.txt': 'BBB\n' });
    const [a, b] = [test.files.idOf('a.txt'), test.files.idOf('b.txt')];
    const [baseOfA, baseOfB] = [test.bases.get(a), test.bases.get(b)];
    swap(test, 'a.txt', 'b.txt');
    await test.current.flush();
    await test.stop();
    // As after a copy of this device's data was put back.
    if (baseOfA) test.bases.set(a, baseOfA);
    if (baseOfB) test.bases.set(b, baseOfB);
    await test.folder.write('a.txt', 'BBB\ndisk\n');
    await test.folder.write('b.txt', 'AAA\ndisk\n');
    await test.start();
    await test.settle();
    const { 'a.txt': textOfB, 'b.txt': textOfA, ...copies } = await test.folder.contents();
    expect([test.files.readText(a), test.files.readText(b)]).toEqual([textOfA, textOfB]);
    expect(textOfA).toMatch(/^AAA\n/);
    expect(textOfB).toMatch(/^BBB\n/);
    const everything = [textOfA, textOfB, ...Object.values(copies)];
    expect(everything).toEqual(expect.arrayContaining(['AAA\ndisk\n', 'BBB\ndisk\n']));
  });
});
