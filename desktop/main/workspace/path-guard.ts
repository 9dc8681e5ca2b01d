import { lstat, readdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { parseSharedPath } from '../../../shared/workspace/index.ts';
import { errnoOf, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/**
 * The absolute path of a shared path below `rootRealPath`, which must be a real path itself; the file need not exist.
 * A link to a file inside the folder is followed: the result is its target. Throws WorkspaceError `outside-folder`
 * for a path that is not safe, leads through a linked folder, or ends at a link to anything else.
 */
export async function resolveInside(rootRealPath: string, sharedPath: string): Promise<string> {
  const parsed = parseSharedPath(sharedPath);
  if (!parsed.ok) {
    const message = `"${sharedPath}" cannot be a file of the folder: ${parsed.reason}. Rename it in the room.`;
    throw new WorkspaceError('outside-folder', sharedPath, message);
  }
  const segments = parsed.path.split('/');
  let folder = rootRealPath;
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    const found = await findSegment(folder, segment, sharedPath);
    if (!found) return join(folder, ...segments.slice(index));
    if (found.isLink) {
      if (!isLast) throw leavesFolder(sharedPath, 'another folder');
      return followFileLink(rootRealPath, found.absolutePath, sharedPath);
    }
    folder = found.absolutePath;
  }
  return folder;
}

/** Whether `path` is the folder itself or lies below it; both are real paths. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** The real path of a link to a file that may be shared; undefined when it leads out of the folder or into Git's own. */
export async function realPathInside(rootRealPath: string, absolutePath: string): Promise<string | undefined> {
  const real = await realpath(absolutePath);
  if (!isInside(rootRealPath, real)) return undefined;
  const way = relative(rootRealPath, real).split(sep).join('/');
  return parseSharedPath(way).ok ? real : undefined;
}

async function findSegment(
  folder: string,
  segment: string,
  sharedPath: string,
): Promise<{ readonly absolutePath: string; readonly isLink: boolean } | undefined> {
  try {
    const direct = await lstatIfThere(join(folder, segment));
    if (direct) return { absolutePath: join(folder, segment), isLink: direct.isSymbolicLink() };
    // A disk may hold the name in another normal form than the room does.
    if (!/[^\0-\x7f]/.test(segment)) return undefined;
    const same = (await readdir(folder)).find((name) => name.normalize('NFC') === segment);
    if (same === undefined) return undefined;
    const stats = await lstatIfThere(join(folder, same));
    return stats ? { absolutePath: join(folder, same), isLink: stats.isSymbolicLink() } : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return undefined;
    throw toWorkspaceError(error, sharedPath, 'read');
  }
}

async function lstatIfThere(absolutePath: string) {
  try {
    return await lstat(absolutePath);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return undefined;
    throw error;
  }
}

async function followFileLink(rootRealPath: string, link: string, sharedPath: string): Promise<string> {
  try {
    const real = await realPathInside(rootRealPath, link);
    if (real !== undefined && !(await lstat(real)).isDirectory()) return real;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error))) throw toWorkspaceError(error, sharedPath, 'read');
    throw leavesFolder(sharedPath, 'a place that is not there');
  }
  throw leavesFolder(sharedPath, 'a place outside the folder');
}

function leavesFolder(sharedPath: string, target: string): WorkspaceError {
  const message = `"${sharedPath}" goes through a link to ${target}, which Tutti does not follow. Remove the link, then retry.`;
  return new WorkspaceError('outside-folder', sharedPath, message);
}
