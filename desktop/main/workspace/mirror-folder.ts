import { existsSync } from 'node:fs';
import { access, constants, lstat, mkdir, open, realpath, stat, unlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createTempName } from './own-files.ts';
import { openFolder } from './walk-folder.ts';
import { errnoOf, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/** A folder that belongs to a room of this device. */
export interface TakenFolder {
  readonly folder: string;
  /** For messages, such as `the room "tutti"`. */
  readonly owner: string;
}

export interface MirrorFolderOptions {
  /** Where Tutti keeps its own files. */
  readonly dataFolder: string;
  /** Folders of other rooms. */
  readonly taken: readonly TakenFolder[];
  /** Makes the folder where there is none. */
  readonly isMade?: boolean;
}

/**
 * Checks that a room can be mirrored to a folder, and resolves to its real path. Rejects with WorkspaceError. But for a
 * folder that is made, and an empty file that comes and goes, nothing is written.
 */
export async function checkMirrorFolder(given: string, options: MirrorFolderOptions): Promise<string> {
  const path = resolve(given);
  if (options.isMade) await makeFolder(path);
  await refuseLink(path);
  const folder = await openFolder(path);
  const own = await Places.of(folder);
  await refuseSystemFolders(folder, own);
  await refuseOwnFiles(folder, options.dataFolder);
  if (own.isWithin(await Places.of(options.dataFolder))) throw holdsOwnFiles(folder);
  await refuseTakenFolder(folder, options.taken);
  await requireWritable(folder);
  return folder;
}

/** The folders from one up to the root, by what they are and not by how they are spelled. */
class Places {
  private readonly ids: readonly string[];

  private constructor(ids: readonly string[]) {
    this.ids = ids;
  }

  /** Those that do not exist are left out. */
  static async of(folder: string): Promise<Places> {
    const ids: string[] = [];
    for (let current = resolve(folder); ; current = dirname(current)) {
      try {
        const { dev, ino } = await stat(current, { bigint: true });
        ids.push(`${dev}:${ino}`);
      } catch {
        if (current === resolve(folder)) ids.push(`missing ${current}`);
      }
      if (current === dirname(current)) return new Places(ids);
    }
  }

  get own(): string {
    return this.ids[0] ?? '';
  }

  isWithin(other: Places): boolean {
    return this.ids.includes(other.own);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await makeLevel(path);
  } catch (error) {
    throw toWorkspaceError(error, path, 'open-folder');
  }
}

// Node's own recursion never ends below some special folders, such as /proc.
async function makeLevel(path: string): Promise<void> {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeLevel(parent);
  await mkdir(path).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
}

async function refuseLink(path: string): Promise<void> {
  const info = await lstat(path).catch((error: unknown) => {
    throw toWorkspaceError(error, path, 'open-folder');
  });
  if (!info.isSymbolicLink()) return;
  const target = await realpath(path).catch(() => undefined);
  const where = target === undefined ? 'nowhere' : `to "${target}"`;
  throw unusable(path, `"${path}" is a link ${where}. Choose the folder itself.`);
}

async function refuseSystemFolders(folder: string, own: Places): Promise<void> {
  if (folder === dirname(folder)) {
    throw unusable(folder, `"${folder}" is the whole disk. Choose a folder for this room alone.`);
  }
  if (!(await Places.of(homedir())).isWithin(own)) return;
  const message = `"${folder}" is your home folder, or holds it. Choose a folder for this room alone.`;
  throw unusable(folder, message);
}

/** Rejects with WorkspaceError for a folder that holds Tutti's own files: they change by being shared, without end. */
export async function refuseOwnFiles(folder: string, dataFolder: string): Promise<void> {
  const [own, data] = [await Places.of(folder), await Places.of(dataFolder)];
  if (data.isWithin(own)) throw holdsOwnFiles(folder);
}

function holdsOwnFiles(folder: string): WorkspaceError {
  return unusable(folder, `"${folder}" holds Tutti's own files, or lies among them. Choose another folder.`);
}

/** Rejects with WorkspaceError when a folder is one of these, lies in one or holds one. `folder` is a real path. */
export async function refuseTakenFolder(folder: string, others: readonly TakenFolder[]): Promise<void> {
  const own = await Places.of(folder);
  for (const { folder: taken, owner } of others) {
    const other = await Places.of(taken);
    if (own.own === other.own) {
      throw unusable(folder, `"${folder}" belongs to ${owner}. Choose another folder.`);
    }
    if (own.isWithin(other)) {
      const message = `"${folder}" lies in "${taken}", which belongs to ${owner}: each room would take the other's files. Choose a folder outside of it.`;
      throw unusable(folder, message);
    }
    if (other.isWithin(own)) {
      const message = `"${folder}" holds "${taken}", which belongs to ${owner}: each room would take the other's files. Choose a folder that does not hold it.`;
      throw unusable(folder, message);
    }
  }
}

async function requireWritable(folder: string): Promise<void> {
  const probe = join(folder, createTempName());
  try {
    await access(folder, constants.W_OK);
    await (await open(probe, 'wx')).close();
    await unlink(probe);
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(errnoOf(error))) {
      throw unusable(
        folder,
        `"${folder}" may not be written to. Change its permissions, or choose another folder.`,
        error,
      );
    }
    throw toWorkspaceError(error, folder, 'write');
  }
}

function unusable(folder: string, message: string, cause?: unknown): WorkspaceError {
  return new WorkspaceError('unusable-folder', folder, message, { cause });
}
