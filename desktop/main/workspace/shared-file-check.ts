import { lstat, realpath, stat } from 'node:fs/promises';
import { isInside } from './path-guard.ts';

/** Whether a path is a plain file, or a link to one that stays inside the folder. */
export async function isSharedFile(root: string, absolutePath: string): Promise<boolean> {
  try {
    const info = await lstat(absolutePath);
    if (!info.isSymbolicLink()) return info.isFile();
    return isInside(root, await realpath(absolutePath)) && (await stat(absolutePath)).isFile();
  } catch {
    return false;
  }
}
