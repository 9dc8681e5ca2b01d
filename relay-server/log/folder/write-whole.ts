import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, syncMadeFolders } from '../../sync-folder.ts';

const TEMPORARY_NAME = /^\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Writes a file, with its folders, as a whole or not at all, and durably when it resolves. A crash may leave a file with
 * a temporary name beside it. Rejects with what the file system says.
 */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${randomUUID()}`);
  try {
    const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
    if (firstMade !== undefined) await syncMadeFolders(folder, firstMade);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Whether a file was left by {@link writeWhole}, or is being written. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}
