import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { comparablePath } from '../../../shared/workspace/index.ts';
import type { BaseIndex } from './base-index.ts';
import type { DiskMeans } from './disk-changes.ts';
import { isSameFile, locateOnDisk } from './path-kind.ts';
import type { SharedFiles } from './shared-files.ts';
import { errnoOf, toWorkspaceError } from './workspace-error.ts';

/**
 * How the disk spells a shared path below `root`, a real path, in normal form C; undefined when nothing is there. Differs
 * from the path where the disk does not tell case.
 */
export async function spellingOnDisk(root: string, path: string): Promise<string | undefined> {
  const spelled: string[] = [];
  let folder = root;
  for (const segment of path.split('/')) {
    const name = await findName(folder, segment);
    if (name === undefined) return undefined;
    folder = join(folder, name);
    spelled.push(name.normalize('NFC'));
  }
  return spelled.join('/');
}

/** The file that was last seen at a path, in whatever spelling, where the disk takes the two for one. */
export async function findOwner(root: string, path: string, bases: BaseIndex): Promise<string | undefined> {
  const exact = bases.ownerOf(path);
  if (exact !== undefined) return exact;
  // Where nothing is, as is usual, no folder need be listed.
  const isMissing = (await locateOnDisk(root, path)).kind === 'missing';
  const spelling = isMissing ? undefined : await spellingOnDisk(root, path);
  const known = spelling === undefined ? undefined : bases.ownerOf(spelling);
  return known ?? findRespelled(root, path, spelling, bases);
}

/**
 * A file that was last seen at this path in another spelling. `spelling` is the disk's own, undefined when nothing is
 * there: then neither is the file.
 */
export async function findRespelled(
  root: string,
  path: string,
  spelling: string | undefined,
  bases: BaseIndex,
): Promise<string | undefined> {
  for (const fileId of bases.ownersLike(path)) {
    const other = bases.pathFor(fileId);
    if (other !== undefined && (await spellingOnDisk(root, other)) === spelling) return fileId;
  }
  return undefined;
}

/**
 * Gives the folders above a file the room's spelling where they differ only in it, and all files of the room below agree.
 * Resolves when that is safe from a loss of power.
 */
export async function respellFolders(path: string, files: SharedFiles, means: DiskMeans): Promise<void> {
  const { root, writes, durability } = means;
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    const folder = path.slice(0, end);
    const spelling = await spellingOnDisk(root, folder);
    if (spelling === undefined) return;
    const parent = join(root, folder.slice(0, Math.max(0, folder.lastIndexOf('/'))));
    const [from, to] = [nameOf(spelling), nameOf(folder)];
    if (from === to || !isAgreed(folder, files)) continue;
    try {
      writes.rename(join(parent, from), join(parent, to));
      await durability.syncFolders([parent]);
    } catch (error) {
      throw toWorkspaceError(error, folder, 'rename');
    }
  }
}

/** Whether no file of the room has another spelling of a folder. */
function isAgreed(folder: string, { files }: SharedFiles): boolean {
  const key = `${comparablePath(folder)}/`;
  return files.every(({ path }) => path.startsWith(`${folder}/`) || !comparablePath(path).startsWith(key));
}

/** The name in a folder that a segment of a path leads to. */
async function findName(folder: string, segment: string): Promise<string | undefined> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return undefined;
    throw toWorkspaceError(error, folder, 'read');
  }
  const same = names.find((name) => name === segment) ?? names.find((name) => name.normalize('NFC') === segment);
  if (same !== undefined) return same;
  const key = comparablePath(segment);
  // Those of a like name first: a disk may take names for one that are not known here to be.
  const likely = names.toSorted((a, b) => Number(comparablePath(b) === key) - Number(comparablePath(a) === key));
  for (const name of likely) if (await isSameFile(join(folder, name), join(folder, segment))) return name;
  return undefined;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
