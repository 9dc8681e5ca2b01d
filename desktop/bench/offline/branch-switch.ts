import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { RelayProcess, roomToken } from '../../testing/relay-process.ts';
import { percentile, rounded } from '../percentile.ts';
import { MirroringPerson } from './mirroring-person.ts';

// Switches a real git repository of 500 files from one branch to another that has all of them otherwise, through a relay
// process on loopback, and measures when all of it is at another person's engine and on their disk, and how long keys in
// another file take meanwhile, in both directions. Prints one JSON line for each switch.

export interface BranchSwitchOptions {
  readonly files?: number;
  readonly switches?: number;
}

const AIM = { atOtherEngineMs: 5_000, keyP99Ms: 50 } as const;
const TYPED = ['notes-ana.md', 'notes-ben.md'] as const;
const KEY_EVERY_MS = 20;
const KEYS = 300;
/** The keys begin so long before the switch. */
const LEAD_MS = 500;

function sourceFiles(count: number, version: string): Record<string, string> {
  const entries = Array.from({ length: count }, (_unused, file) => {
    const lines = Array.from({ length: 80 }, (_none, line) =>
      line % 8 === 3
        ? `export const value${line} = '${version} ${file}-${line}';`
        : `export function f${line}(x: number): number { return x + ${file * line}; }`,
    );
    return [`src/module-${file % 20}/file-${file}.ts`, `${lines.join('\n')}\n`] as const;
  });
  return Object.fromEntries(entries);
}

/** As the processes compute it. */
function hashOf(files: Readonly<Record<string, string>>): string {
  const all = createHash('sha256');
  for (const path of Object.keys(files).toSorted((a, b) => (a < b ? -1 : 1))) {
    all.update(
      `${path} ${createHash('sha256')
        .update(files[path] ?? '')
        .digest('hex')}\n`,
    );
  }
  return all.digest('hex');
}

async function git(folder: string, ...args: readonly string[]): Promise<void> {
  await promisify(execFile)('git', [...args], { cwd: folder });
}

async function commit(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  await git(folder, 'add', '--all');
  await git(
    folder,
    '-c',
    'user.name=Ana',
    '-c',
    'user.email=ana@example.org',
    'commit',
    '--quiet',
    '--allow-empty',
    '-m',
    'files',
  );
}

/** Two branches whose files differ; notes are in neither. */
async function createRepository(folder: string, branches: Readonly<Record<string, Record<string, string>>>) {
  await mkdir(folder);
  await git(folder, 'init', '--quiet', '--initial-branch=start', '.');
  await commit(folder, {});
  for (const [branch, files] of Object.entries(branches)) {
    await git(folder, 'switch', '--quiet', '--create', branch);
    await commit(folder, files);
  }
  for (const path of TYPED) await writeFile(join(folder, path), '');
}

interface Keys {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

function numbers(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.filter((entry): entry is number => typeof entry === 'number') : [];
}

/** Resolves with how long the keys took to the other one's model, of those that were due before `untilMs`. */
async function typeAcross(
  from: MirroringPerson,
  to: MirroringPerson,
  path: string,
  untilMs: Promise<number>,
): Promise<Keys> {
  await to.ask(`watch ${path}`, 'watching');
  const typed = numbers((await from.ask(`type ${path} ${KEYS} ${KEY_EVERY_MS}`, 'typed'))['atMs']);
  let seen: readonly number[] = [];
  while (seen.length < KEYS) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    seen = numbers((await to.ask('seen', 'seen'))['atMs']);
  }
  const endMs = await untilMs;
  const tookMs = typed.flatMap((atMs, key) => (atMs <= endMs ? [(seen[key] ?? Number.NaN) - atMs] : []));
  return {
    p50Ms: rounded(percentile(tookMs, 0.5)),
    p99Ms: rounded(percentile(tookMs, 0.99)),
    maxMs: rounded(Math.max(...tookMs)),
  };
}

type Branch = 'one' | 'two';

/** Two people in a room with a folder each, Ana's a repository. */
class Scene {
  private readonly data: string;
  private readonly relay: RelayProcess;
  private readonly branches: Readonly<Record<Branch, Record<string, string>>>;
  private readonly people: MirroringPerson[] = [];

  private constructor(data: string, relay: RelayProcess, files: number) {
    this.data = data;
    this.relay = relay;
    this.branches = { one: sourceFiles(files, 'one'), two: sourceFiles(files, 'two') };
  }

  static async create(files: number): Promise<Scene> {
    const data = await realpath(await mkdtemp(join(tmpdir(), 'tutti-bench-')));
    return new Scene(data, await RelayProcess.start(join(data, 'relay')), files);
  }

  /** Resolves when both have all of the second branch. */
  async open(): Promise<readonly [MirroringPerson, MirroringPerson]> {
    await createRepository(join(this.data, 'ana'), this.branches);
    await mkdir(join(this.data, 'ben'));
    const token = await roomToken(this.relay.dataFolder, 'bench', 'editor', 'Ana');
    const start = async (name: string, ...more: readonly string[]) => {
      const own = ['--store', join(this.data, `${name}.sqlite`), '--folder', join(this.data, name)];
      const room = ['--relay', this.relay.url, '--room', 'bench', '--token', token];
      const person = await MirroringPerson.start([...room, ...own, ...more]);
      this.people.push(person);
      return person;
    };
    const ana = await start('ana');
    const ben = await start('ben', '--guest');
    await ben.ask(`await-files ${hashOf(this.branches.two)}`, 'reached');
    await ben.ask('flush', 'flushed');
    return [ana, ben];
  }

  /** Switches the branch; resolves to when what was done, in milliseconds from the beginning. */
  async switchTo(branch: Branch, ben: MirroringPerson) {
    const startMs = nowMs();
    await git(join(this.data, 'ana'), 'switch', '--quiet', branch);
    const gitMs = nowMs() - startMs;
    const reached = await ben.ask(`await-files ${hashOf(this.branches[branch])}`, 'reached');
    const flushed = await ben.ask('flush', 'flushed');
    const onDiskAtMs = Number(flushed['atMs']);
    return {
      gitMs: rounded(gitMs),
      atOtherEngineMs: rounded(Number(reached['atMs']) - startMs),
      onOtherDiskMs: rounded(onDiskAtMs - startMs),
      onDiskAtMs,
    };
  }

  async stop(): Promise<void> {
    for (const person of this.people) await person.stop();
    await this.relay.stop();
    await rm(this.data, { recursive: true, force: true });
  }
}

async function measureOne(scene: Scene, [ana, ben]: readonly [MirroringPerson, MirroringPerson], branch: Branch) {
  const done = Promise.withResolvers<number>();
  const typing = Promise.all([
    typeAcross(ana, ben, TYPED[0], done.promise),
    typeAcross(ben, ana, TYPED[1], done.promise),
  ]);
  await new Promise((resolve) => setTimeout(resolve, LEAD_MS));
  const { onDiskAtMs, ...times } = await scene.switchTo(branch, ben);
  done.resolve(onDiskAtMs);
  const [keysFromSwitching, keysToSwitching] = await typing;
  const isAimMet =
    times.atOtherEngineMs < AIM.atOtherEngineMs &&
    keysFromSwitching.p99Ms < AIM.keyP99Ms &&
    keysToSwitching.p99Ms < AIM.keyP99Ms;
  return { ...times, keysFromSwitching, keysToSwitching, aim: AIM, isAimMet, load: loadavg()[0] };
}

/** Measures branch switches and prints them. */
export async function measureBranchSwitch({ files = 500, switches = 4 }: BranchSwitchOptions = {}): Promise<void> {
  const scene = await Scene.create(files);
  try {
    const people = await scene.open();
    for (let round = 0; round < switches; round++) {
      const branch = round % 2 === 0 ? 'one' : 'two';
      const measured = await measureOne(scene, people, branch);
      console.log(JSON.stringify({ bench: 'branch-switch', files, branch, ...measured }));
    }
    const { events } = await people[0].ask('events', 'events');
    if (!Array.isArray(events) || events.length !== switches) {
      throw new Error(`The history has not ${switches} events: ${JSON.stringify(events)}`);
    }
  } finally {
    await scene.stop();
  }
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

if (import.meta.main) await measureBranchSwitch();
