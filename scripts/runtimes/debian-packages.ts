import { existsSync, readdirSync } from 'node:fs';
import { runCommand } from './run-command.ts';

const APT_GET = '/usr/bin/apt-get';
const LISTS_FOLDER = '/var/lib/apt/lists';

/** Whether this process may install Debian packages: it is root on Debian or a descendant. */
export function canInstallDebianPackages(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && existsSync(APT_GET);
}

/**
 * Installs packages with apt-get; a name that the release has renamed to `…t64` is found under its new name.
 * @throws with the output of apt-get when they cannot be installed
 */
export async function installDebianPackages(names: readonly string[]): Promise<void> {
  console.error(`Installing ${names.join(', ')} with apt-get …`);
  if (!hasPackageLists()) await aptGet(['update']);
  const current = await Promise.all(names.map(currentName));
  const install = ['install', '--yes', '--no-install-recommends', ...current];
  try {
    await aptGet(install);
  } catch {
    // Lists that are older than the archive point to files that are gone.
    await aptGet(['update']);
    await aptGet(install);
  }
}

function hasPackageLists(): boolean {
  return existsSync(LISTS_FOLDER) && readdirSync(LISTS_FOLDER).some((name) => name.includes('_Packages'));
}

async function currentName(name: string): Promise<string> {
  const renamed = `${name}t64`;
  const { exitCode } = await runCommand('apt-cache', ['show', '--no-all-versions', renamed]);
  return exitCode === 0 ? renamed : name;
}

async function aptGet(args: readonly string[]): Promise<void> {
  const { exitCode, output } = await runCommand(APT_GET, ['-o', 'DPkg::Lock::Timeout=300', '--quiet', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (exitCode !== 0) throw new Error(`apt-get ${args.join(' ')} ended with ${exitCode}:\n${output.trim()}`);
}
