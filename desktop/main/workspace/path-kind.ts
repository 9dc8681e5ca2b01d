import { lstat, realpath, stat } from 'node:fs/promises';
import { isInside } from './path-guard.ts';
import { errnoOf } from './workspace-error.ts';

/** What lies at a path: `file` is a plain file or a link to one inside the folder; `other` cannot be shared. */
export type PathKind = 'missing' | 'file' | 'folder' | 'other';

/** Looks at a path below `root`, which is a real path. */
export async function kindOnDisk(root: string, absolutePath: string): Promise<PathKind> {
  try {
    const info = await lstat(absolutePath);
    if (info.isDirectory()) return 'folder';
    if (info.isFile()) return 'file';
    if (!info.isSymbolicLink()) return 'other';
  } catch (error) {
    // What cannot be looked at is not gone.
    return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error)) ? 'missing' : 'other';
  }
  try {
    return isInside(root, await realpath(absolutePath)) && (await stat(absolutePath)).isFile() ? 'file' : 'other';
  } catch {
    return 'other';
  }
}

/** Whether two paths lead to one file, as when they differ in case on a disk that does not tell. */
export async function isSameFile(left: string, right: string): Promise<boolean> {
  try {
    const [a, b] = await Promise.all([lstat(left), lstat(right)]);
    return a.ino !== 0 && a.ino === b.ino && a.dev === b.dev;
  } catch {
    return false;
  }
}
