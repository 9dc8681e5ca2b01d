import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_FOLDER } from '../project.ts';
import { hashSources } from './source-hash.ts';

/** Holds the hash of the sources that `out` was built from. */
export const BUILD_STAMP: string = join(PROJECT_FOLDER, 'out/.source-hash');

/**
 * Builds the desktop app and the browser client unless `out` is up to date. Progress goes to standard error.
 * @throws when the build fails; what it complained about is on standard error
 */
export async function ensureBuilt(): Promise<void> {
  if (existsSync(BUILD_STAMP) && (await readFile(BUILD_STAMP, 'utf8')) === (await hashSources(PROJECT_FOLDER))) return;
  console.error('Building Tutti …');
  // A process of its own: the bundler's memory is given back, and what it prints does not mix with ours.
  const child = spawn(process.execPath, [join(PROJECT_FOLDER, 'scripts/build.ts')], {
    cwd: PROJECT_FOLDER,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`Tutti could not be built (exit code ${code}); the reason is above.`);
}
