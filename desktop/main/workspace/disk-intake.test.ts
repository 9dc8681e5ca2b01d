import { expect, it } from 'vitest';
import { MirrorUnderTest, TestFolder } from './testing/mirror-under-test.ts';
import { systemDiskWrites } from './text-file.ts';

/** After this time what failed is tried again. */
const RETRY_MS = 3_000;

it.each(['EIO', 'ENOSPC'])(
  'a new file that the disk fails at (%s) is taken once it does not, by itself',
  async (errno) => {
    let isFailing = true;
    const syncFile = async (path: string) => {
      if (isFailing) throw Object.assign(new Error(errno), { code: errno });
      await systemDiskWrites.syncFile(path);
    };
    const folder = await TestFolder.create({ 'a.txt': 'one\n' });
    const test = new MirrorUnderTest(folder, { disk: { ...systemDiskWrites, syncFile } });
    await test.start();
    expect(test.files.contents).toEqual({});
    expect(test.openProblems).toMatchObject([{ path: 'a.txt', canRetry: true }]);
    await test.advance(RETRY_MS);
    await test.flush();
    expect(test.files.contents).toEqual({});
    isFailing = false;
    await test.advance(RETRY_MS);
    await test.flush();
    expect(test.files.contents).toEqual({ 'a.txt': 'one\n' });
    expect(test.openProblems).toEqual([]);
  },
);
