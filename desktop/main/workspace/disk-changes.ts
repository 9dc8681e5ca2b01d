import { lstatSync } from 'node:fs';
import { mkdir, rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Durability } from './durability.ts';
import { localCopyName } from './own-files.ts';
import { resolveInside } from './path-guard.ts';
import { type DiskWrites, hashOnDisk, readDiskFile, saveFile } from './text-file.ts';
import { errnoOf, toWorkspaceError } from './workspace-error.ts';

/** How files are changed. */
export interface DiskMeans {
  /** Real path of the folder. */
  readonly root: string;
  readonly writes: DiskWrites;
  readonly durability: Durability;
}

export interface BytesToWrite {
  readonly absolutePath: string;
  /** For messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Hash of what is to be replaced; undefined when nothing may be there. */
  readonly replaces: string | undefined;
  /** Whether whoever may read it may run it; undefined: as it was. */
  readonly executable: boolean | undefined;
}

/** Resolves when the file is safe from a loss of power; to false when it had changed and was left alone. */
export async function writeBytes(target: BytesToWrite, { writes, durability }: DiskMeans): Promise<boolean> {
  const { absolutePath, path, bytes, replaces, executable } = target;
  try {
    const folders = await makeFolder(dirname(absolutePath));
    const isStillWanted = () => hashOnDisk(absolutePath) === replaces;
    if (!(await saveFile(absolutePath, bytes, { path, isStillWanted, writes, executable }))) return false;
    await durability.syncFolders(folders);
    return true;
  } catch (error) {
    throw toWorkspaceError(error, path, 'write');
  }
}

export interface FileMove {
  readonly from: string;
  readonly to: string;
  /** For messages. */
  readonly path: string;
}

/**
 * Moves a file to where nothing is, and removes the folders that it leaves empty. Resolves to the folders whose names are
 * not safe from a loss of power yet, or to undefined when something is there: nothing was moved then.
 */
export async function moveFile(
  { from, to, path }: FileMove,
  { root, writes }: DiskMeans,
): Promise<readonly string[] | undefined> {
  let folders: readonly string[];
  try {
    folders = await makeFolder(dirname(to));
    if (!isFree(to, from)) return undefined;
    writes.rename(from, to);
  } catch (error) {
    throw toWorkspaceError(error, path, 'rename');
  }
  await removeEmptyFolders(root, dirname(from));
  return [dirname(from), ...folders];
}

export interface FileRemoval {
  readonly absolutePath: string;
  /** For messages. */
  readonly path: string;
  /** Hash of what may be removed. */
  readonly hash: string;
}

/**
 * Removes a file, and the folders that it leaves empty. Resolves when that is safe from a loss of power; to false when the
 * file had changed and was left alone.
 */
export async function removeFile({ absolutePath, path, hash }: FileRemoval, means: DiskMeans): Promise<boolean> {
  try {
    const there = hashOnDisk(absolutePath);
    if (there !== undefined && there !== hash) return false;
    if (there !== undefined) means.writes.remove(absolutePath);
    await means.durability.syncFolders([dirname(absolutePath)]);
  } catch (error) {
    throw toWorkspaceError(error, path, 'remove');
  }
  await removeEmptyFolders(means.root, dirname(absolutePath));
  return true;
}

/** A free path beside `path` for this device's own version of it. */
export async function freeLocalCopy(root: string, path: string, nowMs: number): Promise<string> {
  const folder = path.slice(0, path.length - basename(path).length);
  for (let copy = 1; ; copy++) {
    const candidate = folder + localCopyName(basename(path), nowMs, copy);
    const absolutePath = await resolveInside(root, candidate);
    if ((await readDiskFile(absolutePath, { root, path: candidate })).kind === 'missing') return candidate;
  }
}

/** Resolves to the folders whose names change: it, and those above it that had to be made. */
export async function makeFolder(folder: string): Promise<readonly string[]> {
  const made = await mkdir(folder, { recursive: true });
  const changed = [folder];
  for (let current = folder; made !== undefined && current.startsWith(made); current = dirname(current)) {
    changed.push(dirname(current));
  }
  return changed;
}

/** Whether anything but a folder is at a path right now. */
export function isThere(absolutePath: string): boolean {
  try {
    return !lstatSync(absolutePath).isDirectory();
  } catch (error) {
    // What cannot be looked at is not gone.
    return !['ENOENT', 'ENOTDIR'].includes(errnoOf(error));
  }
}

/** On a disk that does not tell case, the file itself is at its new name. */
function isFree(path: string, movedFrom: string): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  if (!there) return true;
  const moved = lstatSync(movedFrom, { bigint: true });
  return there.ino !== 0n && there.ino === moved.ino && there.dev === moved.dev;
}

/** Removes a folder of the root and those above it, as long as they are empty. */
export async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let current = folder; current !== root && current.startsWith(root); current = dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      // Not empty, or gone already.
      return;
    }
  }
}
