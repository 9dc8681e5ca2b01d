import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { lockFolder } from './folder-lock.ts';

const MODULE = fileURLToPath(new URL('./folder-lock.ts', import.meta.url));

/**
 * Takes a folder at a moment, says what came of it, and keeps it. If a file is given, it waits for that once it has looked
 * which folders others have.
 */
const TAKER = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const { readdirSync } = fs;
  const gate = process.argv[3];
  fs.readdirSync = (path) => {
    const found = readdirSync(path);
    if (gate) process.stdout.write('has looked\\n');
    while (gate && !fs.existsSync(gate)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return found;
  };
  syncBuiltinESMExports();
  const { lockFolder } = await import(process.argv[1]);
  process.stdout.write('ready\\n');
  process.stdin.once('data', (moment) => {
    while (Date.now() < Number(moment));
    try {
      lockFolder(process.argv[2]);
      process.stdout.write('taken\\n');
    } catch (error) {
      process.stdout.write(error.message + '\\n');
    }
  });
`;

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
  vi.stubEnv('XDG_STATE_HOME', join(folder, 'state'));
  onTestFinished(() => void vi.unstubAllEnvs());
});

class Taker {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  /** Resolves when it can take the folder. */
  static async start(path: string, gate = ''): Promise<Taker> {
    const taker = new Taker(path, gate);
    expect(await taker.nextLine()).toBe('ready');
    return taker;
  }

  private constructor(path: string, gate: string) {
    this.child = spawn(process.execPath, ['--input-type=module', '--eval', TAKER, MODULE, path, gate], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdout } = this.child;
    if (!stdout) throw new Error('The process has no output.');
    this.lines = createInterface(stdout)[Symbol.asyncIterator]();
    onTestFinished(() => this.kill());
  }

  /** Resolves to `taken`, or why not. */
  take(momentMs = 0): Promise<string> {
    this.child.stdin?.write(String(momentMs));
    return this.nextLine();
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.child.once('exit', () => resolve());
    this.child.kill('SIGKILL');
    await promise;
  }

  async nextLine(): Promise<string> {
    return String((await this.lines.next()).value);
  }
}

/** Folders that lie in each other. */
function nested(): { readonly outer: string; readonly inner: string } {
  const outer = join(folder, 'project');
  const inner = join(outer, 'copies/mirror');
  mkdirSync(inner, { recursive: true });
  return { outer, inner };
}

it.each(['outer', 'inner'] as const)('a process that is killed leaves its %s folder to others', async (which) => {
  const folders = nested();
  const taker = await Taker.start(folders[which]);
  expect(await taker.take()).toBe('taken');
  const other = folders[which === 'outer' ? 'inner' : 'outer'];
  expect(() => lockFolder(other)).toThrow('another Tutti on this device shares');
  await taker.kill();
  lockFolder(other).dispose();
});

it('of several who take folders in each other at the same moment, one gets through', async () => {
  const { outer, inner } = nested();
  const takers = await Promise.all([outer, inner, outer, inner].map((path) => Taker.start(path)));
  const momentMs = Date.now() + 200;
  const answers = await Promise.all(takers.map((taker) => taker.take(momentMs)));
  expect(answers.filter((answer) => answer === 'taken')).toHaveLength(1);
  expect(answers.filter((answer) => answer.includes('Leave that room first'))).toHaveLength(3);
});

/** What keeps order among processes is no use any more. */
const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  damaged: (path) => writeFileSync(path, 'no database at all'.repeat(1000)),
  removed: (path) => rmSync(path, { force: true }),
};

it.each(Object.keys(DAMAGES))(
  'where the file that keeps order was %s, no folders in each other are taken',
  async (kind) => {
    const { outer, inner } = nested();
    const beside = join(folder, 'beside');
    mkdirSync(beside);
    const holder = await Taker.start(join(outer, 'copies'));
    expect(await holder.take()).toBe('taken');
    const takers = await Promise.all([outer, inner, beside].map((path) => Taker.start(path)));
    DAMAGES[kind]?.(join(folder, 'state/tutti/locks/turn.sqlite'));
    const [ofOuter, ofInner] = [await takers[0]?.take(), await takers[1]?.take()];
    expect(ofOuter).toContain(`holds "${join(outer, 'copies')}"`);
    expect(ofInner).toContain(`lies in "${join(outer, 'copies')}"`);
    expect(await takers[2]?.take()).toBe('taken');
    // Those who came after the damage are known, too.
    DAMAGES[kind]?.(join(folder, 'state/tutti/locks/turn.sqlite'));
    expect(() => lockFolder(folder)).toThrow('holds');
    expect(() => lockFolder(join(beside, 'in'))).toThrow('lies in');
  },
);

it('of two who have their turn at once all the same, no two get folders in each other', async () => {
  const { outer, inner } = nested();
  const gate = join(folder, 'gate');
  const takers = [await Taker.start(outer, gate), await Taker.start(inner, gate)];
  for (const taker of takers) {
    expect(await taker.take()).toBe('has looked');
    rmSync(join(folder, 'state/tutti/locks/turn.sqlite'));
  }
  writeFileSync(gate, '');
  const answers = await Promise.all(takers.map((taker) => taker.nextLine()));
  expect(answers.filter((answer) => answer === 'taken').length).toBeLessThanOrEqual(1);
  for (const taker of takers) await taker.kill();
  lockFolder(outer).dispose();
});
