import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';

const SOURCES = [
  'desktop/{main,preload,ipc,renderer}/**/*',
  'shared/**/*.ts',
  'resources/**/*',
  '*.vite.config.ts',
  'scripts/build/page-files.ts',
  'tsconfig*.json',
  'package-lock.json',
];
const WITHOUT_EFFECT = /\.test\.tsx?$|\/testing\//;

/** A hash of everything that the desktop app and the browser client are built from. */
export async function hashSources(root: string): Promise<string> {
  const paths: string[] = [];
  for await (const entry of glob(SOURCES, { cwd: root, withFileTypes: true })) {
    if (entry.isFile()) paths.push(join(entry.parentPath, entry.name));
  }
  const hash = createHash('sha256');
  for (const path of paths.sort()) {
    const name = path.slice(root.length).split(sep).join('/');
    if (!WITHOUT_EFFECT.test(name)) hash.update(`${name}\0`).update(await readFile(path));
  }
  return hash.digest('hex');
}
