import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAudit } from './audit/advisories.ts';
import { checkLicences, type LicenceFields, type LockedPackage } from './audit/licences.ts';
import { PROJECT_FOLDER } from './project.ts';

// Known vulnerabilities of what is shipped, and licences of everything. It ends with 1 when something is wrong, and
// with 2 when the registry could not be asked.

const THRESHOLD = 'moderate';

function checkAllLicences(): void {
  const lock = JSON.parse(readFileSync(join(PROJECT_FOLDER, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const problems = checkLicences(lock.packages, (path) => {
    const file = join(PROJECT_FOLDER, path, 'package.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LicenceFields) : undefined;
  });
  if (problems.length === 0) {
    console.log(`Licences: all ${Object.keys(lock.packages).length - 1} packages are permissive.`);
    return;
  }
  console.error(`Licences that were not agreed to:\n${problems.join('\n')}`);
  process.exitCode = 1;
}

function checkAdvisories(): void {
  const npm = process.env['npm_execpath'];
  const [command, prefix] = npm ? [process.execPath, [npm]] : ['npm', []];
  const { stdout, error } = spawnSync(command, [...prefix, 'audit', '--omit=dev', '--json'], {
    cwd: PROJECT_FOLDER,
    encoding: 'utf8',
    shell: process.platform === 'win32' && !npm,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const verdict = readAudit(error ? '' : stdout, THRESHOLD);
  switch (verdict.kind) {
    case 'clean':
      return console.log(`Vulnerabilities: none known of ${THRESHOLD} severity or above.`);
    case 'vulnerable':
      console.error(`Vulnerabilities in what is shipped:\n${verdict.findings.join('\n')}\nSee \`npm audit\`.`);
      process.exitCode = 1;
      return undefined;
    case 'unanswered':
      console.error(
        `Vulnerabilities: NOT CHECKED, since the registry gave no answer (${error?.message ?? verdict.reason}). Run this again where npm reaches it.`,
      );
      process.exitCode ??= 2;
  }
}

checkAllLicences();
checkAdvisories();
