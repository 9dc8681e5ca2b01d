import { constants, type Dirent } from 'node:fs';
import { copyFile, mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../sync-folder.ts';
import { codeOf } from './folder-failure.ts';
import { isTemporaryName } from './write-whole.ts';

interface FoundFile {
  /** Where it is, below the folder that is copied. */
  readonly folder: string;
  readonly name: string;
}

/** `FOLDER/xx/DOCUMENT/ID`. */
const LEVELS = 2;
/** Most of the time goes by in waiting for the disk. */
const CONCURRENT_COPIES = 4;

/**
 * Copies the objects in `source` that `target` does not have, durably when it resolves; an object is never rewritten with
 * other bytes. One that is removed meanwhile is left out. Rejects with what the file system says.
 */
export async function copyObjects(source: string, target: string): Promise<void> {
  const files = filesIn(source, '', LEVELS);
  const folders = new Map<string, Promise<unknown>>();
  const changed = new Set<string>();
  const copyAll = async () => {
    for await (const { folder, name } of files) {
      const into = join(target, folder);
      const made = folders.get(into) ?? mkdir(into, { recursive: true, mode: 0o700 });
      folders.set(into, made);
      await made;
      if (await copyOnce(join(source, folder, name), join(into, name))) changed.add(into);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: CONCURRENT_COPIES }, copyAll));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  for (const folder of withParents(changed, target)) await syncFolder(folder);
}

/** Copies a file to a new one, durably when it resolves. Rejects with what the file system says. */
export async function copyDurably(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_EXCL);
  // Windows syncs only what is open for writing.
  const file = await open(target, process.platform === 'win32' ? 'r+' : 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** False when it was copied before, or is gone. */
async function copyOnce(source: string, target: string): Promise<boolean> {
  try {
    await copyDurably(source, target);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    return false;
  }
}

async function* filesIn(root: string, folder: string, levels: number): AsyncGenerator<FoundFile> {
  for (const entry of await entriesOf(join(root, folder))) {
    const { name } = entry;
    if (entry.isFile() && !isTemporaryName(name)) yield { folder, name };
    if (entry.isDirectory() && levels > 0) yield* filesIn(root, join(folder, name), levels - 1);
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function withParents(folders: Iterable<string>, root: string): ReadonlySet<string> {
  const all = new Set<string>();
  for (const folder of folders) for (let at = folder; at.length >= root.length; at = dirname(at)) all.add(at);
  return all;
}
