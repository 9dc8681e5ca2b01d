import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { readCpuMs, readPssBytes, readRssBytes } from './process-usage.ts';

export interface ServerCommand {
  /** Arguments of Node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Matches the line of standard output with which the server is ready. */
  readonly ready: RegExp;
  /** The port, when it is known before; else the first group of `ready` is the port. */
  readonly port?: number;
}

const START_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 20_000;
const KEPT_ERROR_CHARACTERS = 4_000;

const running = new Set<ChildProcess>();

/** Kills every server that still runs, by its process id. */
export function killServers(): void {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
}

/** A server under test, as a process of its own. */
export class ServerProcess {
  readonly port: number;
  readonly pid: number;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, pid: number, port: number) {
    this.child = child;
    this.pid = pid;
    this.port = port;
  }

  /** Resolves when the server is ready. */
  static async start({ args, env, ready, port }: ServerCommand): Promise<ServerProcess> {
    const child = spawn(process.execPath, [...args], {
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-KEPT_ERROR_CHARACTERS);
    });
    const found = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${args.join(' ')} was not ready in time: ${errors}`)),
        START_WITHIN_MS,
      );
      const settle = (act: () => void) => {
        clearTimeout(timer);
        act();
      };
      createInterface({ input: child.stdout }).on('line', (line) => {
        const match = ready.exec(line);
        if (match) settle(() => resolve(match[1] ?? ''));
      });
      child.once('error', (error) => settle(() => reject(error)));
      child.once('exit', (code) => settle(() => reject(new Error(`${args.join(' ')} ended with ${code}: ${errors}`))));
    });
    if (child.pid === undefined) throw new Error(`${args.join(' ')} has no process id`);
    return new ServerProcess(child, child.pid, port ?? Number(found));
  }

  get cpuMs(): number {
    return readCpuMs(this.pid);
  }

  get rssBytes(): number {
    return readRssBytes(this.pid);
  }

  get pssBytes(): number {
    return readPssBytes(this.pid);
  }

  /** Lets the server end by itself; kills it when that takes too long. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.end('SIGTERM');
    clearTimeout(timer);
  }

  /** Ends the server without giving it a chance to store anything. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}
