import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'vite';
import { PROJECT_FOLDER } from '../../project.ts';
import { cacheFolder } from '../cache-folder.ts';

const SOURCE_FOLDER = join(PROJECT_FOLDER, 'scripts/runtimes/electron-33');
const SQLITE_PACKAGES = ['libsql', '@neon-rs/load', 'detect-libc', '@libsql/linux-x64-gnu'];

/**
 * Builds the app that Electron 33 starts with, along with the SQLite it needs, in a new folder that the caller owns.
 * The hash changes when anything in it does.
 */
export async function writeLauncher(): Promise<{ folder: string; hash: string }> {
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(join(cacheFolder(), 'launcher-'));
  await build({
    configFile: false,
    logLevel: 'error',
    root: SOURCE_FOLDER,
    build: {
      ssr: join(SOURCE_FOLDER, 'launcher.ts'),
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rolldownOptions: {
        external: ['electron', 'libsql', /^node:/],
        output: { format: 'cjs', entryFileNames: 'main.cjs' },
      },
    },
  });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'electron-33-launcher', main: 'main.cjs' }));
  const hash = createHash('sha256').update(await readFile(join(folder, 'main.cjs')));
  for (const { name, path } of findPackages()) {
    hash.update(await readFile(join(path, 'package.json')));
    await cp(path, join(folder, 'node_modules', name), { recursive: true, dereference: true });
  }
  return { folder, hash: hash.digest('hex').slice(0, 12) };
}

function findPackages(): { name: string; path: string }[] {
  // Both layouts of node_modules: next to libsql, or below it.
  const libsql = dirname(createRequire(import.meta.url).resolve('libsql'));
  const fromLibsql = createRequire(join(libsql, 'index.js'));
  return SQLITE_PACKAGES.map((name) => ({
    name,
    path: name === 'libsql' ? libsql : dirname(fromLibsql.resolve(`${name}/package.json`)),
  }));
}
