import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Role } from '../../shared/access/index.ts';

const MAIN = resolve('relay-server/main.ts');
const LISTENING = /^tutti-relay listening on (http:\/\/\S+)$/;

export interface RelayProcessOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  /** A built browser client to serve. */
  readonly staticFolder?: string;
  /** Further options of `serve`. */
  readonly args?: readonly string[];
}

/** A real relay, as a child process on loopback. Its owner stops it. */
export class RelayProcess {
  readonly url: string;
  readonly dataFolder: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, url: string, dataFolder: string) {
    this.child = child;
    this.url = url;
    this.dataFolder = dataFolder;
  }

  /** Starts a relay on `dataFolder`. Rejects with what it said when it does not come up. */
  static async start(dataFolder: string, options: RelayProcessOptions = {}): Promise<RelayProcess> {
    const { port = 0, staticFolder, args = [] } = options;
    const child = spawn(
      process.execPath,
      [
        MAIN,
        'serve',
        '--port',
        String(port),
        '--data',
        dataFolder,
        ...(staticFolder === undefined ? [] : ['--static', staticFolder]),
        ...args,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    return new Promise((succeed, fail) => {
      child.once('error', fail);
      child.once('exit', (code) => fail(new Error(`the relay ended with ${code}: ${said}`)));
      createInterface(child.stdout).on('line', (line) => {
        const url = LISTENING.exec(line)?.[1];
        if (url !== undefined) succeed(new RelayProcess(child, url, dataFolder));
      });
    });
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Where the room's sockets go. */
  syncUrl(room: string): string {
    return `${this.url.replace(/^http/, 'ws')}/sync/${room}`;
  }

  /** Holds it: its sockets stay open, and nothing comes from it. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Stops it as an operator would, or as a crash would. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    // One that is held takes no other signal.
    this.resume();
    await once(this.child, 'exit');
  }
}

/** A token that lets a desktop app make rooms on the relay of `dataFolder`. */
export function operatorToken(dataFolder: string): Promise<string> {
  return runMain('token', '--data', dataFolder, '--ttl', '1h', '--create-rooms');
}

/** A token for a room of the relay of `dataFolder`; the room is made when needed. It runs for an hour. */
export function roomToken(dataFolder: string, room: string, role: Role, name: string): Promise<string> {
  return runMain('token', '--data', dataFolder, '--ttl', '1h', '--room', room, '--role', role, '--name', name);
}

/** A link that lets people into a room of the relay that serves `dataFolder` now; the room is made when needed. */
export function shareLink(
  dataFolder: string,
  room: string,
  role: Role,
  { expires }: { /** Such as `12h`. */ readonly expires?: string } = {},
): Promise<string> {
  const options = expires === undefined ? [] : ['--expires', expires];
  return runMain('link', 'create', '--data', dataFolder, '--room', room, '--role', role, ...options);
}

async function runMain(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args]);
  return stdout.trim();
}
