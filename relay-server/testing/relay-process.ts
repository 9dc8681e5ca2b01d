import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const READY = /^tutti-relay listening on (https?:\/\/\S+)$/;

/** A relay that runs as a process of its own. */
export interface RelayProcess {
  readonly url: string;
  readonly pid: number;
  readonly output: string[];
  /** Everything that it wrote to stderr. */
  errors(): string;
  /** Sends a signal and waits for the end; gives the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// With what the S3 server of the tests takes; others ignore it.
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };
}

/** Runs the relay's command line to its end. */
export function runCli(...args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { timeout: 30_000, env: environment() }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr });
    });
  });
}

/** A room token made by the command line, beside whatever relay serves `data`. */
export async function tokenFor(data: string, room: string, role = 'editor', ...more: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(
    'token',
    '--data',
    data,
    '--room',
    room,
    '--role',
    role,
    '--ttl',
    '1h',
    ...more,
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  return stdout.trim();
}

/** Starts a relay on a free port; it is ended with the test at the latest. */
export async function startRelay(...args: readonly string[]): Promise<RelayProcess> {
  const relay = launchRelay('--port', '0', ...args);
  onTestFinished(async () => {
    await relay.end('SIGKILL');
  });
  return relay.ready;
}

/** Starts a relay that whoever calls it ends. */
export function launchRelay(...args: readonly string[]): {
  readonly ready: Promise<RelayProcess>;
  readonly end: RelayProcess['end'];
} {
  const child = spawn(process.execPath, [MAIN, 'serve', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const output: string[] = [];
  const end = (signal: NodeJS.Signals) => endChild(child, signal);
  const ready = new Promise<RelayProcess>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.push(line);
      const url = READY.exec(line)?.[1];
      if (url) resolve({ url, pid: child.pid ?? 0, output, errors: () => errors, end });
    });
    child.once('exit', (code) => reject(new Error(`the relay ended with ${code}: ${errors}`)));
  });
  return { ready, end };
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
  return child.exitCode ?? child.signalCode;
}
