import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSharedPath } from '../../../shared/workspace/index.ts';
import type { IgnoreRules } from './ignore-rules.ts';
import { isTempName } from './own-files.ts';
import { errnoOf, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/** A file that may be shared. */
export interface WalkedFile {
  /** Relative to the root, `/`-separated, in normal form C. */
  readonly path: string;
  readonly absolutePath: string;
}

export interface WalkOptions {
  /** Real path. */
  readonly rootRealPath: string;
  /** Reads the rules of the folders it enters. */
  readonly rules: IgnoreRules;
  /** Walks only this folder; '' for all. The rules above it must have been read. */
  readonly folder?: string;
  /** A sub-folder or name that had to be left out; the walk goes on. */
  readonly onProblem: (problem: WorkspaceError) => void;
  readonly onIgnoredFolder?: (absolutePath: string) => void;
  /** Removes what an interrupted save left behind. */
  readonly removesTempFiles?: boolean;
  readonly readFolder?: (absolutePath: string) => Promise<Dirent[]>;
}

/**
 * Checks that `folder` can be opened, and resolves to its real path. Rejects with WorkspaceError
 * `folder-missing`, `folder-unreadable` or `not-a-folder`.
 */
export async function openFolder(folder: string): Promise<string> {
  try {
    const real = await realpath(folder);
    await readdir(real);
    return real;
  } catch (error) {
    throw toWorkspaceError(error, folder, 'open-folder');
  }
}

/** Walks a folder depth first, one batch of files per sub-folder. Symbolic links are left out. */
export async function* walkFolder(options: WalkOptions): AsyncGenerator<readonly WalkedFile[]> {
  const start = options.folder ?? '';
  const pending = [start];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const listed = await listFolder(options, folder);
    if (listed === 'unreadable') continue;
    pending.push(...listed.folders.toReversed());
    if (listed.files.length > 0) yield listed.files;
  }
}

/** Joins small batches: a folder of many sub-folders is taken in as fast as a flat one. */
export async function* gatherFiles(
  batches: AsyncIterable<readonly WalkedFile[]>,
): AsyncGenerator<readonly WalkedFile[]> {
  const enough = 50;
  let gathered: WalkedFile[] = [];
  for await (const batch of batches) {
    gathered.push(...batch);
    if (gathered.length < enough) continue;
    yield gathered;
    gathered = [];
  }
  if (gathered.length > 0) yield gathered;
}

async function listFolder(options: WalkOptions, folder: string) {
  const { rootRealPath, rules, onProblem } = options;
  const absoluteFolder = join(rootRealPath, folder);
  let names: Dirent[];
  try {
    const read = options.readFolder ?? ((path: string) => readdir(path, { withFileTypes: true }));
    names = await read(absoluteFolder);
    await rules.readFolder(folder);
  } catch (error) {
    if (error instanceof WorkspaceError) {
      onProblem(error);
      return 'unreadable';
    }
    if (folder === '') throw toWorkspaceError(error, rootRealPath, 'open-folder');
    if (errnoOf(error) !== 'ENOENT') onProblem(unreadableFolder(folder, error));
    return 'unreadable';
  }
  names.sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: WalkedFile[] = [];
  const folders: string[] = [];
  const taken = new Set<string>();
  for (const entry of names) {
    if (options.removesTempFiles && entry.isFile() && isTempName(entry.name)) {
      await unlink(join(absoluteFolder, entry.name)).catch((error: unknown) =>
        onProblem(toWorkspaceError(error, entry.name, 'remove')),
      );
    }
    // The name as it is on disk leads further; the shared path is its normal form.
    const diskPath = folder === '' ? entry.name : `${folder}/${entry.name}`;
    const isFolder = entry.isDirectory();
    if (rules.ignores(diskPath, isFolder)) {
      if (isFolder) options.onIgnoredFolder?.(join(absoluteFolder, entry.name));
      continue;
    }
    const parsed = parseSharedPath(diskPath);
    if (!isFolder && !entry.isFile()) continue;
    const fault = parsed.ok
      ? taken.has(parsed.path)
        ? 'another name differs only in its Unicode form'
        : await findEncodingFault(join(absoluteFolder, entry.name), entry.name)
      : parsed.reason;
    if (fault !== undefined || !parsed.ok) {
      onProblem(unusableName(diskPath, fault ?? ''));
      continue;
    }
    taken.add(parsed.path);
    if (isFolder) folders.push(diskPath);
    else files.push({ path: parsed.path, absolutePath: join(absoluteFolder, entry.name) });
  }
  return { files, folders };
}

/** Bytes that are no UTF-8 are read as replacement characters, by which nothing is found. */
async function findEncodingFault(absolutePath: string, name: string): Promise<string | undefined> {
  if (!name.includes('\ufffd')) return undefined;
  const isThere = await lstat(absolutePath).then(
    () => true,
    () => false,
  );
  return isThere ? undefined : 'its name is not valid Unicode';
}

function unreadableFolder(folder: string, error: unknown): WorkspaceError {
  const reason = toWorkspaceError(error, folder, 'read');
  const message = `The folder "${folder}" could not be read, so its files are not shared. Change its permissions, then retry.`;
  return new WorkspaceError(reason.code === 'io' ? 'io' : 'folder-unreadable', folder, message, { cause: error });
}

function unusableName(path: string, reason: string): WorkspaceError {
  return new WorkspaceError('unusable-name', path, `"${path}" is not shared: ${reason}. Rename it to share it.`);
}
