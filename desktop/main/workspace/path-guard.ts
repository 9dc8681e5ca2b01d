import { lstat, readdir, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { parseSharedPath } from '../../../shared/workspace/index.ts';
import { errnoOf, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/**
 * The absolute path of a shared path below `rootRealPath`, which must be a real path itself; the file need not exist.
 * Throws WorkspaceError `outside-folder` for a path that is not safe, `link-in-the-way` for one that is a symbolic link on
 * this disk, or leads through one, and `folder-missing` when a link has come in the place of the folder itself.
 */
export async function resolveInside(rootRealPath: string, sharedPath: string): Promise<string> {
  const parsed = parseSharedPath(sharedPath);
  if (!parsed.ok) {
    const message = `"${sharedPath}" cannot be a file of the folder: ${parsed.reason}. Rename it in the room.`;
    throw new WorkspaceError('outside-folder', sharedPath, message);
  }
  if ((await lstatIfThere(rootRealPath))?.isSymbolicLink()) throw linkForFolder(rootRealPath, rootRealPath);
  const segments = parsed.path.split('/');
  let folder = rootRealPath;
  for (const [index, segment] of segments.entries()) {
    const found = await findSegment(folder, segment, sharedPath);
    if (!found) return join(folder, ...segments.slice(index));
    if (found.isLink) throw linkInTheWay(sharedPath, segments.slice(0, index + 1).join('/'));
    folder = found.absolutePath;
  }
  return folder;
}

/** Whether `path` is the folder itself or lies below it; both are real paths. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** Whether a path below `rootRealPath` is known to be a symbolic link, or to lead through one. */
export async function isLinked(rootRealPath: string, sharedPath: string): Promise<boolean> {
  try {
    await resolveInside(rootRealPath, sharedPath);
    return false;
  } catch (error) {
    if (!(error instanceof WorkspaceError)) throw error;
    return error.code === 'link-in-the-way';
  }
}

/**
 * Rejects with WorkspaceError `folder-missing` when what was a real path has become a symbolic link, or leads through one,
 * and with the error of the system when nothing is there.
 */
export async function assertRealPath(folder: string): Promise<void> {
  if ((await realpath(folder)) === folder) return;
  // A disk may spell a name in another way than it was given.
  for (let current = folder; current !== dirname(current); current = dirname(current)) {
    if ((await lstat(current)).isSymbolicLink()) throw linkForFolder(folder, current);
  }
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

/** `link`: the part of the path that is one. */
export function linkInTheWay(sharedPath: string, link = sharedPath): WorkspaceError {
  const what = link === sharedPath ? 'is a link on this disk' : `lies below "${link}", which is a link on this disk`;
  const message = `"${sharedPath}" ${what}, and Tutti does not follow links. Remove the link, or rename the file in the room.`;
  return new WorkspaceError('link-in-the-way', sharedPath, message);
}

function linkForFolder(folder: string, link: string): WorkspaceError {
  const what = link === folder ? 'has become a link' : `lies below "${link}", which has become a link`;
  const message = `The folder "${folder}" ${what}. Tutti does not follow it: nothing is read or written there. Put the folder itself back in its place, or open the one that the link leads to.`;
  return new WorkspaceError('folder-missing', folder, message);
}
