import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { localCopyName } from './own-files.ts';
import { resolveInside } from './path-guard.ts';
import { type DiskWrites, hashOnDisk, readDiskFile, saveFile } from './text-file.ts';
import { encodeText, type TextFormat } from './text-format.ts';
import { errnoOf, toWorkspaceError } from './workspace-error.ts';

export interface TextToWrite {
  readonly absolutePath: string;
  /** For messages. */
  readonly path: string;
  readonly text: string;
  readonly format: TextFormat;
  /** Hash of what is to be replaced; undefined when nothing may be there. */
  readonly replaces: string | undefined;
}

/** Writes a text; resolves to false when the file had changed and was left alone. */
export async function writeText(target: TextToWrite, writes?: DiskWrites): Promise<boolean> {
  const { absolutePath, path, text, format, replaces } = target;
  const bytes = encodeText(text, format);
  try {
    await mkdir(dirname(absolutePath), { recursive: true });
  } catch (error) {
    throw toWorkspaceError(error, path, 'write');
  }
  const isStillWanted = () => hashOnDisk(absolutePath) === replaces;
  return saveFile(absolutePath, bytes, { path, isStillWanted, ...(writes ? { writes } : {}) });
}

/** Moves a file; what lies at `to` is replaced. */
export async function moveFile(root: string, from: string, to: string, path: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  } catch (error) {
    throw toWorkspaceError(error, path, 'rename');
  }
  await removeEmptyFolders(root, dirname(from));
}

export interface NestedMove {
  readonly from: string;
  /** Where the file waits meanwhile: beside the outer one of the two. */
  readonly stone: string;
  readonly to: string;
  /** For messages. */
  readonly path: string;
}

/** Moves a file to a place below its own name, or to the name of a folder that it leaves empty. */
export async function moveThroughStone(root: string, { from, stone, to, path }: NestedMove): Promise<void> {
  try {
    await rename(from, stone);
  } catch (error) {
    throw toWorkspaceError(error, path, 'rename');
  }
  try {
    await removeEmptyFolders(root, dirname(from));
    await mkdir(dirname(to), { recursive: true });
    await rename(stone, to);
  } catch (error) {
    await mkdir(dirname(from), { recursive: true });
    await rename(stone, from);
    throw toWorkspaceError(error, path, 'rename');
  }
}

/** Removes a file, and the folders that it leaves empty. */
export async function removeFile(root: string, absolutePath: string, path: string): Promise<void> {
  try {
    await rm(absolutePath);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw toWorkspaceError(error, path, 'remove');
  }
  await removeEmptyFolders(root, dirname(absolutePath));
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

async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let current = folder; current !== root && current.startsWith(root); current = dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      // Not empty, or gone already.
      return;
    }
  }
}
