import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { lockFolder } from './folder-lock.ts';

const MODULE = fileURLToPath(new URL('./folder-lock.ts', import.meta.url));

/** Takes a folder at a moment, says what came of it, and keeps it. */
const TAKER = `
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
  static async start(path: string): Promise<Taker> {
    const taker = new Taker(path);
    expect(await taker.nextLine()).toBe('ready');
    return taker;
  }

  private constructor(path: string) {
    this.child = spawn(process.execPath, ['--input-type=module', '--eval', TAKER, MODULE, path], {
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

  private async nextLine(): Promise<string> {
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
