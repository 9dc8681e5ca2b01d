import { glob } from 'node:fs/promises';
import { sep } from 'node:path';

const NOT_OURS = new Set(['node_modules', 'out', '.git']);

/** Lists the TypeScript files of the project, relative to `root` and with `/` between folders, in order. */
export async function listSources(root: string): Promise<string[]> {
  const paths: string[] = [];
  const found = glob('**/*.{ts,tsx}', { cwd: root, exclude: (name) => NOT_OURS.has(name) });
  for await (const path of found) paths.push(path.split(sep).join('/'));
  return paths.sort();
}
