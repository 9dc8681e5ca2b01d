import { lstat, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isExecutable, OWNER_MAY_RUN } from './file-mode.ts';
import { createTempName } from './own-files.ts';
import type { DiskWrites } from './text-file.ts';

/**
 * The disk that a folder is on, if that keeps which of its files are executable: a temporary file tells, as it does Git.
 * Undefined on Windows, on disks that call every file executable, and in a folder that cannot be written to.
 */
export async function findTellingDisk(folder: string, writes: DiskWrites): Promise<number | undefined> {
  if (process.platform === 'win32') return undefined;
  const path = join(folder, createTempName());
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      const { mode, dev } = await lstat(path);
      if (isExecutable(mode)) return undefined;
      await writes.chmod(file, mode | OWNER_MAY_RUN, path);
      if (!isExecutable((await lstat(path)).mode)) return undefined;
      await writes.chmod(file, mode, path);
      return isExecutable((await lstat(path)).mode) ? undefined : dev;
    } finally {
      await file.close();
      await unlink(path);
    }
  } catch {
    // Why it cannot be written to is told when something is to be written.
    return undefined;
  }
}
