import { open, rm, stat } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { type MirrorTestOptions, MirrorUnderTest, TestFolder } from './testing/mirror-under-test.ts';
import { MAX_SHARED_TEXT_BYTES, systemDiskWrites } from './text-file.ts';

const MIB = 1024 * 1024;

/** A file that a program has open, and that the room has replaced. */
async function replaced(path: string, options: MirrorTestOptions = {}) {
  const test = new MirrorUnderTest(await TestFolder.create({ [path]: 'before\n' }), options);
  await test.start();
  const program = await open(test.folder.at(path), 'r+');
  onTestFinished(() => program.close());
  const fileId = test.files.idOf(path);
  test.files.insert(fileId, 0, 'typed\n');
  await test.flush();
  expect(await test.folder.read(path)).toBe('typed\nbefore\n');
  const late = async (text: string) => {
    await program.truncate(0);
    await program.write(text, 0);
    await test.flush();
  };
  const asides = async () => {
    const files = Object.entries(await test.folder.contents());
    return files.filter(([name]) => name.includes('.local-'));
  };
  return { test, program, fileId, late, asides };
}

it('what a program goes on to write to a file that is gone from the room is kept beside it in one place', async () => {
  const { test, fileId, late, asides } = await replaced('a.txt');
  test.files.remove([fileId]);
  await late('late\n');
  await late('later\n');
  const [[path, text] = [], ...others] = await asides();
  expect([text, others]).toEqual(['later\n', []]);
  expect(test.openProblems).toMatchObject([{ path: 'a.txt', severity: 'warning' }]);
  expect(test.openProblems[0]?.detail).toContain(path);
});

it.each([
  ['edited', (test: MirrorUnderTest, path: string) => test.folder.write(path, 'edited by the person\n')],
  [
    'replaced by a folder',
    async (test: MirrorUnderTest, path: string) => {
      await rm(test.folder.at(path));
      await test.folder.write(`${path}/inner.txt`, 'edited by the person\n');
    },
  ],
])(
  'leaves what is kept beside a file alone once it was %s, and keeps what comes later elsewhere',
  async (_name, change) => {
    const { test, fileId, late, asides } = await replaced('a.txt');
    test.files.remove([fileId]);
    await late('late\n');
    const before = (await asides())[0]?.[0] ?? '';
    await change(test, before);
    test.scheduler.jumpClock(1_000);
    await late('later\n');
    const found = await asides();
    expect(found.map(([, text]) => text)).toEqual(['edited by the person\n', 'later\n']);
    const { detail = '' } = test.openProblems[0] ?? {};
    expect([detail.includes(before), detail.includes(found[1]?.[0] ?? 'none')]).toEqual([true, true]);
  },
);

it('keeps what is written beside a file also when its folder has gone with it', async () => {
  const { test, fileId, late, asides } = await replaced('folder/a.txt');
  test.files.remove([fileId]);
  await test.flush();
  await expect(stat(test.folder.at('folder'))).rejects.toThrow('ENOENT');
  await late('late\n');
  expect(await asides()).toMatchObject([[expect.stringMatching(/^folder\/a\.txt\.local-/), 'late\n']]);
  expect(test.openProblems.map(({ id }) => id)).toEqual([`late:${fileId}`]);
});

it('keeps what has become too large to be shared beside the file, a piece at a time', async () => {
  let longest = 0;
  const disk = {
    ...systemDiskWrites,
    writeAll: (...[file, bytes]: Parameters<typeof systemDiskWrites.writeAll>) => {
      longest = Math.max(longest, bytes.length);
      return systemDiskWrites.writeAll(file, bytes);
    },
  };
  const { test, program, fileId } = await replaced('a.txt', { disk });
  await program.truncate(MAX_SHARED_TEXT_BYTES + 1);
  await test.flush();
  expect(test.openProblems.map(({ id }) => id)).toEqual([`late:${fileId}`]);
  const aside = /(\S+\.local-\S+)\./.exec(test.openProblems[0]?.detail ?? '')?.[1] ?? '';
  expect((await stat(test.folder.at(aside))).size).toBe(MAX_SHARED_TEXT_BYTES + 1);
  expect(longest).toBeLessThanOrEqual(MIB);
  expect(test.files.contents).toEqual({ 'a.txt': 'typed\nbefore\n' });
});
