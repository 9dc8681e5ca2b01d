import { dirname } from 'node:path';
import { type DiskMeans, makeFolder, removeEmptyFolders } from './disk-changes.ts';
import { type HashedFile, isUnchanged } from './disk-hashes.ts';
import { saveFile } from './text-file.ts';
import { toWorkspaceError } from './workspace-error.ts';

export interface ContentToPlace {
  readonly absolutePath: string;
  /** For messages. */
  readonly path: string;
  readonly content: AsyncIterable<Uint8Array>;
  /** What is to be replaced; undefined when nothing may be there. */
  readonly replaces: HashedFile | undefined;
  /** Asked right before the file is put there; false gives it up. */
  readonly isWanted: () => boolean;
  /** Whether whoever may read it may run it; undefined: as it was. */
  readonly executable: boolean | undefined;
}

/**
 * Puts a content of any size in a file's place, in one step. Resolves when that is safe from a loss of power; to false when
 * what was there had changed or the content was not wanted any more, and was left alone. Rejects with WorkspaceError.
 */
export async function placeContent(target: ContentToPlace, { writes, durability }: DiskMeans): Promise<boolean> {
  const { absolutePath, path, content, replaces, isWanted, executable } = target;
  try {
    const folders = await makeFolder(dirname(absolutePath));
    const isStillWanted = () => isWanted() && isUnchanged(absolutePath, replaces);
    if (!(await saveFile(absolutePath, content, { path, isStillWanted, writes, executable }))) return false;
    await durability.syncFolders(folders);
    return true;
  } catch (error) {
    throw toWorkspaceError(error, path, 'write');
  }
}

export interface HashedRemoval {
  readonly absolutePath: string;
  /** For messages. */
  readonly path: string;
  /** What may be removed. */
  readonly there: HashedFile;
}

/** As `removeFile` does, for a file of any size. */
export async function removeHashed({ absolutePath, path, there }: HashedRemoval, means: DiskMeans): Promise<boolean> {
  try {
    if (isUnchanged(absolutePath, there)) means.writes.remove(absolutePath);
    else if (!isUnchanged(absolutePath, undefined)) return false;
    await means.durability.syncFolders([dirname(absolutePath)]);
  } catch (error) {
    throw toWorkspaceError(error, path, 'remove');
  }
  await removeEmptyFolders(means.root, dirname(absolutePath));
  return true;
}
