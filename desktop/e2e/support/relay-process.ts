import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const MAIN = resolve('relay-server/main.ts');
const LISTENING = /^tutti-relay listening on (http:\/\/\S+)$/;

/** A real relay, as a child process on loopback. */
export class RelayProcess {
  readonly url: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
  }

  /** Starts a relay on `dataFolder`; port 0 takes a free one. Rejects with what the relay said when it does not come up. */
  static async start(dataFolder: string, port = 0): Promise<RelayProcess> {
    const child = spawn(
      process.execPath,
      [MAIN, 'serve', '--port', String(port), '--data', dataFolder, '--static', resolve('out/browser')],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    return new Promise((succeed, fail) => {
      child.once('exit', (code) => fail(new Error(`the relay ended with ${code}: ${said}`)));
      createInterface(child.stdout).on('line', (line) => {
        const url = LISTENING.exec(line)?.[1];
        if (url !== undefined) succeed(new RelayProcess(child, url));
      });
    });
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Stops it as an operator would, or as a crash would. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await once(this.child, 'exit');
  }
}

/** A token that lets a desktop app make rooms on the relay of `dataFolder`. */
export async function operatorToken(dataFolder: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'token', '--data', dataFolder, '--create-rooms', '--ttl', '1h']);
  return stdout.trim();
}
