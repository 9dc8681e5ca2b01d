import { lstat, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isInside, resolveInside } from './path-guard.ts';
import { errnoOf, WorkspaceError } from './workspace-error.ts';

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

/** Looks for a shared path below `root`, also where the disk holds its name in another Unicode form. */
export async function locateOnDisk(
  root: string,
  path: string,
): Promise<{ readonly kind: PathKind; readonly absolutePath: string }> {
  const direct = join(root, path);
  const kind = await kindOnDisk(root, direct);
  if (kind !== 'missing' || !/[^\0-\x7f]/.test(path)) return { kind, absolutePath: direct };
  try {
    const absolutePath = await resolveInside(root, path);
    return { kind: await kindOnDisk(root, absolutePath), absolutePath };
  } catch (error) {
    if (!(error instanceof WorkspaceError)) throw error;
    return { kind: 'other', absolutePath: direct };
  }
}

/** What tells a file from others that lie or lay beside it, and stays with it when it is moved. Rejects when it is missing. */
export async function identifyFile(absolutePath: string): Promise<string> {
  // A file that is made after another was removed may well get the same inode.
  const { ino, birthtimeNs } = await lstat(absolutePath, { bigint: true });
  return `${ino}:${birthtimeNs}`;
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
