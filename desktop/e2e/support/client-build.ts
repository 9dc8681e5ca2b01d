import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const BUILT = resolve('out/browser');
const PAGE = 'browser.html';
const WORKER = 'service-worker.js';
const VERSION = /(version:\s*["'`])[^"'`]+/;

/** A folder with the browser client as it was built. */
export async function copyClient(folder: string): Promise<string> {
  await cp(BUILT, folder, { recursive: true });
  return folder;
}

/** The paths of all that the client's page may load, its own HTML included. */
export async function listClientFiles(folder: string): Promise<readonly string[]> {
  const assets = await readdir(join(folder, 'assets'));
  return [...assets.map((name) => `assets/${name}`), PAGE];
}

/** A folder with a later build of the client: its page is called `title`, and has no file any more that begins with `without`. */
export async function makeNextClient(folder: string, title: string, without: string): Promise<string> {
  await copyClient(folder);
  const [page, worker] = await Promise.all([read(folder, PAGE), read(folder, WORKER)]);
  const nextPage = page.replace(/<title>[^<]*/, `<title>${title}`);
  const gone = (await readdir(join(folder, 'assets'))).filter((name) => name.startsWith(without));
  if (gone.length !== 1) throw new Error(`${gone.length} files of the client begin with ${without}`);
  let nextWorker = worker.replace(integrityOf(page), integrityOf(nextPage)).replace(VERSION, '$1next');
  for (const name of gone) {
    await rm(join(folder, 'assets', name));
    nextWorker = nextWorker.replace(new RegExp(`"assets/${name}":\\s*["'\`][^"'\`]+["'\`],`), '');
    if (nextWorker.includes(name)) throw new Error(`the service worker still keeps ${name}`);
  }
  await writeFile(join(folder, PAGE), nextPage);
  await writeFile(join(folder, WORKER), nextWorker);
  return folder;
}

function read(folder: string, name: string): Promise<string> {
  return readFile(join(folder, name), 'utf8');
}

function integrityOf(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}
