import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveInside } from './path-guard.ts';
import { identityOf } from './text-file.ts';
import { errnoOf, WorkspaceError } from './workspace-error.ts';

/** What lies at a path: `link` is a symbolic one, and neither it nor `other` can be shared. */
export type PathKind = 'missing' | 'file' | 'folder' | 'link' | 'other';

async function kindOnDisk(absolutePath: string): Promise<PathKind> {
  try {
    const info = await lstat(absolutePath);
    if (info.isDirectory()) return 'folder';
    if (info.isFile()) return 'file';
    return info.isSymbolicLink() ? 'link' : 'other';
  } catch (error) {
    // What cannot be looked at is not gone.
    return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error)) ? 'missing' : 'other';
  }
}

/** Looks for a shared path below `root`, a real path, also where the disk holds its name in another Unicode form. */
export async function locateOnDisk(
  root: string,
  path: string,
): Promise<{ readonly kind: PathKind; readonly absolutePath: string }> {
  const direct = join(root, path);
  const kind = await kindOnDisk(direct);
  if (kind !== 'missing' || !/[^\0-\x7f]/.test(path)) return { kind, absolutePath: direct };
  try {
    const absolutePath = await resolveInside(root, path);
    return { kind: await kindOnDisk(absolutePath), absolutePath };
  } catch (error) {
    if (!(error instanceof WorkspaceError)) throw error;
    return { kind: 'other', absolutePath: direct };
  }
}

/** What tells a file from others that lie or lay beside it, and stays with it when it is moved. Rejects when it is missing. */
export async function identifyFile(absolutePath: string): Promise<string> {
  return identityOf(await lstat(absolutePath, { bigint: true }));
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
