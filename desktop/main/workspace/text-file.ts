import { type BigIntStats, constants, lstatSync, readFileSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { type FileHandle, lstat, open, realpath, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withExecutable } from './file-mode.ts';
import { createTempName } from './own-files.ts';
import { isInside, linkInTheWay } from './path-guard.ts';
import { decodeText, hashBytes, hashBytesAside, type TextFormat } from './text-format.ts';
import { errnoOf, toWorkspaceError, WorkspaceError } from './workspace-error.ts';

/** Larger files are listed in the room without their content. */
export const MAX_TEXT_BYTES = 5 * 1024 * 1024;
/** A file that is shared as text may grow to this size. */
export const MAX_SHARED_TEXT_BYTES = 64 * 1024 * 1024;

/** A file that is replaced while it is opened is opened so often. */
const MAX_OPEN_ATTEMPTS = 20;

/** What lies on disk under a path. */
export type DiskFile =
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'text';
      /** LF only. */
      readonly text: string;
      readonly format: TextFormat;
      /** SHA-256 of the bytes, in hex. */
      readonly hash: string;
      readonly sizeBytes: number;
      /** As {@link movedIdentityOf} gives it; undefined for a file that has more than one name. */
      readonly identity?: string;
      /** The text with its line ends, where these are not all the same. */
      readonly mixedText?: string;
    }
  | { readonly kind: 'binary' | 'oversized'; readonly sizeBytes: number };

/** What is done to the files of a folder; a dependency so that tests can make it fail. */
export interface DiskWrites {
  writeAll(file: FileHandle, bytes: Uint8Array): Promise<void>;
  /** Changes the mode of a file that is in its place, at `path`. */
  chmod(file: FileHandle, mode: number, path: string): Promise<void>;
  /** Synchronous: nothing of this process comes between the last look at the disk and the change. */
  rename(from: string, to: string): void;
  /** Synchronous as well. */
  remove(path: string): void;
  /** Resolves when the content of a file is safe from a loss of power. */
  syncFile(path: string): Promise<void>;
  /** Resolves when the names in a folder are safe from a loss of power. */
  syncFolder(path: string): Promise<void>;
}

/** Of file systems that cannot bring a single file or folder to the disk. */
const NO_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

export const systemDiskWrites: DiskWrites = {
  writeAll: (file, bytes) => file.writeFile(bytes),
  chmod: (file, mode) => file.chmod(mode),
  rename: renameSync,
  remove: unlinkSync,
  syncFile: (path) => syncOpened(path, constants.O_RDONLY),
  syncFolder: (path) => syncOpened(path, constants.O_RDONLY | constants.O_DIRECTORY),
};

async function syncOpened(path: string, flags: number): Promise<void> {
  // Windows does it only for what is open for writing.
  if (process.platform === 'win32') return;
  const file = await open(path, flags);
  try {
    await file.sync();
  } catch (error) {
    if (!NO_SYNC.includes(errnoOf(error))) throw error;
  } finally {
    await file.close();
  }
}

export interface ReadOptions {
  /** Real path of the folder that the file must be in. */
  readonly root: string;
  /** For messages. */
  readonly path: string;
  readonly maxBytes?: number;
}

/** Reads a file. Rejects with WorkspaceError when it is there but cannot be read, is a symbolic link, or lies outside. */
export async function readDiskFile(absolutePath: string, options: ReadOptions): Promise<DiskFile> {
  const { path, maxBytes = MAX_TEXT_BYTES } = options;
  const file = await openDiskFile(absolutePath, options);
  if (!file) return { kind: 'missing' };
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) return { kind: 'binary', sizeBytes: 0 };
    if (stats.size > maxBytes) return { kind: 'oversized', sizeBytes: Number(stats.size) };
    const bytes = await file.readFile();
    const decoded = decodeText(bytes);
    if (decoded.kind === 'binary') return { kind: 'binary', sizeBytes: bytes.length };
    const hash = await hashBytesAside(bytes);
    const identity = movedIdentityOf(stats, hash);
    return {
      kind: 'text',
      text: decoded.text,
      format: decoded.format,
      hash,
      sizeBytes: bytes.length,
      ...(identity === undefined ? {} : { identity }),
      ...(decoded.mixedText === undefined ? {} : { mixedText: decoded.mixedText }),
    };
  } catch (error) {
    throw toWorkspaceError(error, path, 'read');
  } finally {
    await file.close();
  }
}

/**
 * Opens what is no folder for reading; undefined when nothing is there. The caller closes it. Rejects as
 * {@link readDiskFile} does.
 */
export async function openDiskFile(
  absolutePath: string,
  options: Pick<ReadOptions, 'root' | 'path'>,
): Promise<FileHandle | undefined> {
  for (let attempt = 0; attempt < MAX_OPEN_ATTEMPTS; attempt++) {
    const file = await openOnce(absolutePath, options);
    if (file !== 'replaced') return file;
  }
  throw keepsChanging(options.path);
}

/** Resolves to `replaced` when another file has come to the path meanwhile. */
async function openOnce(
  absolutePath: string,
  { root, path }: Pick<ReadOptions, 'root' | 'path'>,
): Promise<FileHandle | 'replaced' | undefined> {
  let file: FileHandle | undefined;
  try {
    // A pipe must not be waited for.
    file = await open(absolutePath, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const stats = await file.stat();
    if (stats.isDirectory()) throw folderInTheWay(path);
    // What was opened is looked at, so that a link which is swapped meanwhile changes nothing.
    const there = await lstat(absolutePath);
    if (!isInside(root, await realpath(absolutePath))) throw leavesFolder(path);
    if (there.ino === stats.ino && there.dev === stats.dev) return file;
    await file.close();
    return 'replaced';
  } catch (error) {
    await file?.close();
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return undefined;
    if (errnoOf(error) === 'EISDIR') throw folderInTheWay(path);
    if (errnoOf(error) === 'ELOOP') throw linkInTheWay(path);
    throw toWorkspaceError(error, path, 'read');
  }
}

/**
 * SHA-256 of a file's bytes, right now; undefined when nothing is there, and empty when that is no plain file. For
 * {@link SaveOptions.isStillWanted}.
 */
export function hashOnDisk(absolutePath: string): string | undefined {
  try {
    return lstatSync(absolutePath).isFile() ? hashBytes(readFileSync(absolutePath)) : '';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return undefined;
    throw error;
  }
}

export interface SaveOptions {
  /** For messages. */
  readonly path: string;
  readonly writes?: DiskWrites;
  /** Asked right before the file is replaced; false gives the save up. */
  readonly isStillWanted?: () => boolean;
  /** Whether whoever may read the file may run it; as it was unless given. */
  readonly executable?: boolean | undefined;
}

/**
 * Replaces a file in one step: readers and crashes see the old or the new bytes, never a part. Keeps its permissions, and
 * gives up when these change meanwhile. Of a content that comes in pieces, one at a time is in memory; when it rejects, so does this. Its folder must exist, and is not safe from a loss of power yet. Resolves to whether the file was replaced. On failure rejects with WorkspaceError; the old file stays.
 */
export async function saveFile(
  absolutePath: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  options: SaveOptions,
): Promise<boolean> {
  const { path, writes = systemDiskWrites, executable } = options;
  const tempPath = join(dirname(absolutePath), createTempName());
  try {
    const mode = modeOf(absolutePath);
    const file = await open(tempPath, 'wx', mode ?? (executable === true ? 0o777 : 0o666));
    try {
      if (mode !== undefined) await file.chmod(executable === undefined ? mode : withExecutable(mode, executable));
      if (content instanceof Uint8Array) await writes.writeAll(file, content);
      // What is written next follows what was written before.
      else for await (const chunk of content) await writes.writeAll(file, chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.isStillWanted?.() === false || modeOf(absolutePath) !== mode) {
      await unlink(tempPath);
      return false;
    }
    writes.rename(tempPath, absolutePath);
    return true;
  } catch (error) {
    // The first error is the one to tell; a temp file that stays behind is never shared and removed at the next start.
    await unlink(tempPath).catch(() => undefined);
    throw toWorkspaceError(error, path, 'write');
  }
}

/** What tells a file from others that lie or lay beside it, and stays with it when it is moved. */
export function identityOf({ ino, birthtimeNs }: Pick<BigIntStats, 'ino' | 'birthtimeNs'>): string {
  // A file that is made after another was removed may well get the same inode.
  return `${ino}:${birthtimeNs}`;
}

/**
 * What tells a file by which it is known when it comes to another name. Where the disk does not keep when it was born, a
 * new file may well get the inode of one that was removed: it is the same for sure only with the same content.
 */
export function movedIdentityOf(
  stats: Pick<BigIntStats, 'ino' | 'birthtimeNs' | 'nlink'>,
  hash: string,
): string | undefined {
  if (stats.nlink !== 1n || stats.ino === 0n) return undefined;
  return stats.birthtimeNs > 0n ? identityOf(stats) : `${identityOf(stats)}:${hash}`;
}

function modeOf(absolutePath: string): number | undefined {
  const stats = statSync(absolutePath, { throwIfNoEntry: false });
  return stats && stats.mode & 0o7777;
}

function leavesFolder(path: string): WorkspaceError {
  const message = `"${path}" leads outside the folder. Remove the link on its way, then retry.`;
  return new WorkspaceError('outside-folder', path, message);
}

function keepsChanging(path: string): WorkspaceError {
  const message = `"${path}" keeps being replaced on disk while it is being read. Retry when it rests.`;
  return new WorkspaceError('io', path, message);
}

function folderInTheWay(path: string): WorkspaceError {
  const message = `"${path}" could not be read: a folder has its name. Rename the folder, then retry.`;
  return new WorkspaceError('name-taken', path, message);
}
