import { constants, createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, open, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { LocalFile } from './folder-preview.ts';
import { errnoOf, WorkspaceError } from './workspace-error.ts';

/** More than this is copied only when the person says so. */
export const LARGE_BACKUP_BYTES = 1024 ** 3;
/** Stays free on the disk that the backup is written to. */
const RESERVED_BYTES = 64 * 1024 ** 2;
/** Name of the file that tells what a backup is of. */
const MANIFEST = 'backup.json';
const FILES = 'files';

export interface BackupOptions {
  /** Holds the backups; made when needed. */
  readonly backupsFolder: string;
  /** What the backup is named by, for people. */
  readonly name: string;
  /** Where the files are from. */
  readonly folder: string;
  readonly room: string;
  readonly files: readonly LocalFile[];
  readonly nowMs: number;
}

/** Bytes that a backup of these files takes. */
export function backupBytes(files: readonly LocalFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/**
 * Copies files to a new folder, and resolves to its path when all of it is safe from a loss of power. Rejects with
 * WorkspaceError when a file could not be copied, or is not what it was when it was looked at; no backup stays then.
 */
export async function backUp(options: BackupOptions): Promise<string> {
  const { backupsFolder, files } = options;
  let partial: string | undefined;
  try {
    await mkdir(backupsFolder, { recursive: true, mode: 0o700 });
    await requireSpace(backupsFolder, backupBytes(files));
    const target = await reserve(options);
    partial = `${target}.partial`;
    await mkdir(join(partial, FILES), { mode: 0o700 });
    const folders = new Set([partial, join(partial, FILES)]);
    const copied = [];
    for (const file of files) copied.push(await copy(file, join(partial, FILES), folders));
    await writeManifest(partial, options, copied);
    for (const folder of folders) await syncFolder(folder);
    await rename(partial, target);
    await syncFolder(backupsFolder);
    return target;
  } catch (error) {
    // The first error is the one to tell.
    if (partial !== undefined) await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw explain(error, backupsFolder);
  }
}

/** Resolves to a path at which nothing is, whose partial form was made. */
async function reserve({ backupsFolder, name, nowMs }: BackupOptions): Promise<string> {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const stem = `${
    name
      .replace(/[^\p{L}\p{N}._-]+/gu, '-')
      .replace(/^[-.]+/, '')
      .slice(0, 60) || 'room'
  }-${time}`;
  for (let copy = 1; ; copy++) {
    const target = join(backupsFolder, copy === 1 ? stem : `${stem}-${copy}`);
    try {
      await mkdir(`${target}.partial`, { mode: 0o700 });
      if (await isFree(target)) return target;
      await rm(`${target}.partial`, { recursive: true });
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}

async function isFree(path: string): Promise<boolean> {
  try {
    await (await open(path, constants.O_RDONLY)).close();
    return false;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    throw error;
  }
}

async function requireSpace(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= neededBytes + RESERVED_BYTES) return;
  const message = `The backup of your files needs ${toMebibytes(neededBytes)} MiB at "${folder}", and there is not so much room. Free some space, or choose another folder to mirror to.`;
  throw new WorkspaceError('disk-full', folder, message);
}

async function copy(file: LocalFile, root: string, folders: Set<string>) {
  const { path, absolutePath, sizeBytes, hash } = file;
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  for (let folder = dirname(target); folder.startsWith(root); folder = dirname(folder)) folders.add(folder);
  await copyFile(absolutePath, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await sync(target);
  const copied = await hashFile(target);
  if (copied.sizeBytes === sizeBytes && (hash === '' || copied.hash === hash))
    return { path, sizeBytes, sha256: copied.hash };
  const message = `"${path}" changed while it was copied to the backup, so nothing was begun. Try again when it rests.`;
  throw new WorkspaceError('io', path, message);
}

async function hashFile(path: string): Promise<{ readonly hash: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  });
  return { hash: hash.digest('hex'), sizeBytes };
}

async function writeManifest(
  target: string,
  { name, folder, room, nowMs }: BackupOptions,
  files: readonly { readonly path: string; readonly sizeBytes: number; readonly sha256: string }[],
): Promise<void> {
  const manifest = { version: 1, name, folder, room, madeAt: new Date(nowMs).toISOString(), files };
  const path = join(target, MANIFEST);
  await writeFile(path, `${JSON.stringify(manifest, undefined, 2)}\n`, { flag: 'wx' });
  await sync(path);
}

async function sync(path: string): Promise<void> {
  // Windows brings only what is open for writing to the disk.
  const file = await open(path, process.platform === 'win32' ? 'r+' : 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform !== 'win32') await sync(path);
}

function explain(error: unknown, backupsFolder: string): WorkspaceError {
  if (error instanceof WorkspaceError) return error;
  const isFull = ['ENOSPC', 'EDQUOT'].includes(errnoOf(error));
  const reason = isFull ? 'the disk is full' : error instanceof Error ? error.message : String(error);
  const message = `Your files could not be backed up to "${backupsFolder}": ${reason}. Nothing was changed. Mend that, then try again.`;
  return new WorkspaceError(isFull ? 'disk-full' : 'io', backupsFolder, message, { cause: error });
}

function toMebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 ** 2);
}
