import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** The name of the page's service worker, which is no part of what it keeps. */
export const SERVICE_WORKER = 'service-worker.js';

/** What a built page consists of, as its service worker keeps it. */
export interface PageFiles {
  /** Differs for every other content of the folder. */
  readonly version: string;
  /** The integrity of each file, such as `sha256-…`, by its path with slashes. */
  readonly files: Readonly<Record<string, string>>;
}

/** Lists the built page in `folder`. Rejects when it cannot be read. */
export async function listPageFiles(folder: string): Promise<PageFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).split(sep).join('/'))
    .filter((path) => path !== SERVICE_WORKER)
    .sort();
  const files: Record<string, string> = {};
  for (const path of paths) files[path] = `sha256-${sha256(await readFile(join(folder, path)))}`;
  return { version: sha256(JSON.stringify(files)), files };
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64');
}
