import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_FOLDER } from '../project.ts';
import { provisionChromium } from '../runtimes/chromium.ts';
import { provisionElectron } from '../runtimes/electron.ts';
import { provisionNginx } from '../runtimes/nginx.ts';
import { provisionPostgres } from '../runtimes/postgres.ts';
import { provisionRedis } from '../runtimes/redis.ts';
import { countPlaywright, countVitest, type Counts } from './counts.ts';
import { runTool } from './run-tool.ts';

/** How a part ended. Parts that run no tests have no counts. */
export interface PartResult {
  readonly isPassed: boolean;
  readonly counts?: Counts;
}

/** One part of `npm test`. */
export interface Part {
  readonly name: string;
  run(): Promise<PartResult>;
}

const REPORTS = join(PROJECT_FOLDER, 'out/test');

/** All parts, cheap ones first. */
export const PARTS: readonly Part[] = [
  { name: 'types', run: () => runCheck('tsc', ['--build']) },
  { name: 'lint', run: () => runCheck('oxlint', []) },
  { name: 'layers', run: () => runCheck(process.execPath, ['scripts/check-layers.ts']) },
  { name: 'format', run: () => runCheck('oxfmt', ['--check']) },
  { name: 'unit', run: () => runVitest('unit') },
  {
    name: 'browser',
    run: async () => {
      process.env['TUTTI_CHROMIUM'] = (await provisionChromium()).executablePath;
      return runVitest('browser');
    },
  },
  { name: 'build', run: () => runCheck(process.execPath, ['scripts/build.ts']) },
  {
    name: 'process',
    run: async () => {
      process.env['ELECTRON_EXEC_PATH'] = (await provisionElectron()).executablePath;
      process.env['TUTTI_POSTGRES'] = (await provisionPostgres()).folder;
      process.env['TUTTI_REDIS_SERVER'] = (await provisionRedis()).executablePath;
      process.env['TUTTI_NGINX'] = (await provisionNginx()).executablePath;
      return runVitest('process');
    },
  },
  { name: 'e2e', run: runPlaywright },
];

/** Names that stand for several parts. */
export const PART_GROUPS: Readonly<Record<string, readonly string[]>> = {
  check: ['types', 'lint', 'layers', 'format'],
  // Both run what is built.
  process: ['build', 'process'],
  e2e: ['build', 'e2e'],
};

async function runCheck(command: string, args: readonly string[]): Promise<PartResult> {
  return { isPassed: (await runTool(command, args)) === 0 };
}

async function runVitest(project: string): Promise<PartResult> {
  const report = await freshReport(`${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const exitCode = await runTool('vitest', ['run', '--project', project, ...reporters]);
  const counts = await countVitest(report);
  return { isPassed: exitCode === 0 && isClean(counts), counts };
}

async function runPlaywright(): Promise<PartResult> {
  const report = await freshReport('e2e.json');
  const exitCode = await runTool('playwright', ['test']);
  const counts = await countPlaywright(report);
  return { isPassed: exitCode === 0 && isClean(counts), counts };
}

async function freshReport(name: string): Promise<string> {
  const report = join(REPORTS, name);
  await mkdir(REPORTS, { recursive: true });
  await rm(report, { force: true });
  return report;
}

function isClean({ passed, failed, skipped }: Counts): boolean {
  if (skipped > 0) console.error(`${skipped} tests were skipped; a test that cannot run has to fail.`);
  return passed > 0 && failed === 0 && skipped === 0;
}
