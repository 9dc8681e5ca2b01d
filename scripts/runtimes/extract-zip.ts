import { createWriteStream } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise } from 'yauzl';

const FILE_TYPE_MASK = 0o170000;
const SYMBOLIC_LINK = 0o120000;

/**
 * Extracts a zip file with its modes and symbolic links.
 * @param rename gives the path of an entry below `folder`, or undefined to leave it out
 * @throws when an entry would land outside of `folder`
 */
export async function extractZip(
  file: string,
  folder: string,
  rename: (name: string) => string | undefined,
): Promise<void> {
  const zip = await openPromise(file);
  for await (const entry of zip.eachEntry()) {
    const name = rename(entry.fileName);
    if (name === undefined) continue;
    const target = resolve(folder, name);
    if (!target.startsWith(resolve(folder) + sep))
      throw new Error(`${file} holds ${entry.fileName}, which points out of it`);
    if (name.endsWith('/')) {
      await mkdir(target, { recursive: true });
    } else {
      await mkdir(dirname(target), { recursive: true });
      await writeEntry(entry, await zip.openReadStreamPromise(entry), target);
    }
  }
}

async function writeEntry(entry: Entry, content: Readable, target: string): Promise<void> {
  const mode = entry.externalFileAttributes >>> 16;
  if ((mode & FILE_TYPE_MASK) === SYMBOLIC_LINK) {
    await symlink(await text(content), target);
  } else {
    await pipeline(content, createWriteStream(target, { mode: mode & 0o777 || 0o644 }));
  }
}
