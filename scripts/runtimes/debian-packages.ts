import { existsSync, readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { runCommand } from './run-command.ts';

const APT_GET = '/usr/bin/apt-get';
const LISTS_FOLDER = '/var/lib/apt/lists';
/** Debian's scripts ask this program whether a service may be started. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';
const NO_SERVICES = '#!/bin/sh\nexit 101\n';

/** Whether this process may install Debian packages: it is root on Debian or a descendant. */
export function canInstallDebianPackages(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && existsSync(APT_GET);
}

/**
 * Installs packages with apt-get, without starting their services; a name that the release has renamed to `…t64` is found under its new name.
 * @throws with the output of apt-get when they cannot be installed
 */
export async function installDebianPackages(names: readonly string[]): Promise<void> {
  console.error(`Installing ${names.join(', ')} with apt-get …`);
  if (!hasPackageLists()) await aptGet(['update']);
  const current = await Promise.all(names.map(currentName));
  const install = ['install', '--yes', '--no-install-recommends', ...current];
  await withoutServices(async () => {
    try {
      await aptGet(install);
    } catch {
      // Lists that are older than the archive point to files that are gone.
      await aptGet(['update']);
      await aptGet(install);
    }
  });
}

async function withoutServices(install: () => Promise<void>): Promise<void> {
  if (existsSync(SERVICE_POLICY)) return install();
  await writeFile(SERVICE_POLICY, NO_SERVICES, { mode: 0o755, flag: 'wx' });
  try {
    await install();
  } finally {
    await rm(SERVICE_POLICY, { force: true });
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
