import { lstat, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { parseSharedPath } from '../../../shared/workspace/index.ts';
import { errnoOf, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/**
 * The absolute path of a shared path below `rootRealPath`, which must be a real path itself. Follows links: throws
 * WorkspaceError `outside-folder` when the file, or the deepest folder on its way that exists, really lies elsewhere.
 */
export async function resolveInside(rootRealPath: string, sharedPath: string): Promise<string> {
  const parsed = parseSharedPath(sharedPath);
  if (!parsed.ok) {
    const message = `"${sharedPath}" cannot be a file of the folder: ${parsed.reason}. Rename it in the room.`;
    throw new WorkspaceError('outside-folder', sharedPath, message);
  }
  const absolutePath = join(rootRealPath, ...parsed.path.split('/'));
  let existing = absolutePath;
  while (existing !== rootRealPath) {
    const real = await realPathOf(existing, sharedPath);
    if (real !== undefined) {
      if (!isInside(rootRealPath, real)) throw leavesFolder(sharedPath, real);
      return absolutePath;
    }
    existing = dirname(existing);
  }
  return absolutePath;
}

/** Whether `path` is the folder itself or lies below it; both are real paths. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

async function realPathOf(path: string, sharedPath: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ELOOP') throw leavesFolder(sharedPath, 'itself');
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR') throw toWorkspaceError(error, sharedPath, 'read');
  }
  const link = await lstat(path).catch(() => undefined);
  if (link?.isSymbolicLink()) throw leavesFolder(sharedPath, 'a place that is not there');
  return undefined;
}

function leavesFolder(sharedPath: string, target: string): WorkspaceError {
  const message = `"${sharedPath}" goes through a link to ${target}, outside the folder. Remove the link, then retry.`;
  return new WorkspaceError('outside-folder', sharedPath, message);
}
