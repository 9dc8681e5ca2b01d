import { execFile } from 'node:child_process';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ensureBuilt } from '../../../scripts/build/ensure-built.ts';
import provideRuntimes from '../../../scripts/runtimes/playwright-setup.ts';
import { launchDesktop } from '../../e2e/support/desktop-app.ts';
import type { DesktopPerson } from '../../e2e/support/person.ts';
import { makeLink } from '../../e2e/support/shared-room.ts';
import { operatorToken, RelayProcess } from '../../testing/relay-process.ts';
import { rounded } from '../percentile.ts';
import { AskedProcess } from './asked-process.ts';
import { FIRST_FILE, sourceFiles, writeSourceFolder } from './source-folder.ts';

// What the app's processes need with a shared git repository open, one file of it in an editor and somebody else in the
// room who mirrors all of it: at rest, and after a branch switch that the other one has. Prints a JSON line for each.

export interface MemoryOptions {
  readonly files?: number;
  /** How many of them differ on the other branch. */
  readonly switched?: number;
}

interface Sample {
  /** As the main process counts itself. */
  readonly mainMb: number;
  readonly mainHeapMb: number;
  /** The renderer, as the system counts it. */
  readonly windowMb: number;
  readonly windowHeapMb: number;
}

const AIM = { mainMb: 500 } as const;
const ROOM_PROCESS = resolve('desktop/main/testing/room-process.ts');
const MEBIBYTE = 2 ** 20;
const REST_MS = 5_000;
const SAMPLES = 6;
const SAMPLE_EVERY_MS = 500;
const LOOK_EVERY_MS = 250;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function git(folder: string, ...args: readonly string[]): Promise<void> {
  const author = ['-c', 'user.name=Ana', '-c', 'user.email=ana@example.org'];
  await promisify(execFile)('git', [...author, ...args], { cwd: folder });
}

async function createRepository(folder: string, files: number, switched: Readonly<Record<string, string>>) {
  await writeSourceFolder(folder, sourceFiles(files, 'one'));
  await git(folder, 'init', '--quiet', '--initial-branch=one', '.');
  await git(folder, 'add', '--all');
  await git(folder, 'commit', '--quiet', '-m', 'one');
  await git(folder, 'switch', '--quiet', '--create', 'two');
  await writeSourceFolder(folder, switched);
  await git(folder, 'commit', '--quiet', '--all', '-m', 'two');
  await git(folder, 'switch', '--quiet', 'one');
}

async function sample({ app, page }: DesktopPerson): Promise<Sample> {
  const main = await app.evaluate(({ app: electronApp }) => {
    const { rss, heapUsed } = process.memoryUsage();
    const windows = electronApp.getAppMetrics().filter(({ type }) => type === 'Tab');
    return { rss, heapUsed, windowKb: windows.reduce((sum, { memory }) => sum + memory.workingSetSize, 0) };
  });
  const inspector = await page.context().newCDPSession(page);
  await inspector.send('Performance.enable');
  const { metrics } = await inspector.send('Performance.getMetrics');
  await inspector.detach();
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN;
  return {
    mainMb: main.rss / MEBIBYTE,
    mainHeapMb: main.heapUsed / MEBIBYTE,
    windowMb: main.windowKb / 1_024,
    windowHeapMb: heap / MEBIBYTE,
  };
}

/** The lowest of several: garbage is collected when V8 pleases. */
async function measureAtRest(person: DesktopPerson) {
  await pause(REST_MS);
  const samples: Sample[] = [];
  for (let round = 0; round < SAMPLES; round++) {
    samples.push(await sample(person));
    await pause(SAMPLE_EVERY_MS);
  }
  const lowest = (of: keyof Sample) => rounded(Math.min(...samples.map((one) => one[of])));
  const [mainMb, mainHeapMb, windowMb, windowHeapMb] = [
    lowest('mainMb'),
    lowest('mainHeapMb'),
    lowest('windowMb'),
    lowest('windowHeapMb'),
  ];
  return { mainMb, mainHeapMb, windowMb, windowHeapMb, aim: AIM, isAimMet: mainMb < AIM.mainMb };
}

async function whenOnDisk(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    while ((await readFile(join(folder, path), 'utf8').catch(() => '')) !== content) await pause(LOOK_EVERY_MS);
  }
}

function print(line: object): void {
  console.log(JSON.stringify({ bench: 'offline', part: 'memory', ...line, load: loadavg()[0] }));
}

async function measure(data: string, relay: RelayProcess, files: number, switched: number, toStop: AskedProcess[]) {
  const changes = sourceFiles(switched, 'two');
  const folder = join(data, 'shared');
  const mirror = join(data, 'mirror');
  await createRepository(folder, files, changes);
  const token = await operatorToken(relay.dataFolder);
  const startMs = performance.now();
  const userData = join(data, 'ana');
  const ana = await launchDesktop({ name: 'Ana', userData, relayUrl: relay.url, operatorToken: token, folder });
  try {
    await ana.page.getByRole('treeitem').first().waitFor();
    const listMs = rounded(performance.now() - startMs);
    await ana.expectOnline();
    await ana.openFile(FIRST_FILE);
    const textMs = rounded(performance.now() - startMs);
    const { url } = await makeLink(ana, { label: 'bench' });
    const environment = { XDG_STATE_HOME: join(data, 'state') };
    const own = ['--data', join(data, 'ben'), '--relay', relay.url];
    const ben = await AskedProcess.start(ROOM_PROCESS, own, environment);
    toStop.push(ben);
    await ben.ask(`join ${url}`, 'joined');
    await ben.ask(`mirror ${mirror} ${files}`, 'mirrored');
    print({ when: 'at rest', files, listMs, textMs, ...(await measureAtRest(ana)) });
    const switchMs = performance.now();
    await git(folder, 'switch', '--quiet', 'two');
    await whenOnDisk(mirror, changes);
    const onOtherDiskMs = rounded(performance.now() - switchMs);
    print({ when: 'after a branch switch', files, switched, onOtherDiskMs, ...(await measureAtRest(ana)) });
  } finally {
    await ana.app.close();
  }
}

/** Measures the built app, which is built when needed, and prints what it needs. */
export async function measureMemory({ files = 2_000, switched = 500 }: MemoryOptions = {}): Promise<void> {
  await ensureBuilt();
  const stopRuntimes = await provideRuntimes();
  const data = await realpath(await mkdtemp(join(tmpdir(), 'tutti-bench-')));
  const relay = await RelayProcess.start(join(data, 'relay'));
  const toStop: AskedProcess[] = [];
  try {
    await measure(data, relay, files, switched, toStop);
  } finally {
    for (const process of toStop) await process.stop();
    await relay.stop();
    await rm(data, { recursive: true, force: true });
    await stopRuntimes();
  }
}
