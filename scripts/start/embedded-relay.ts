import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PROJECT_FOLDER } from '../project.ts';
import { runCommand } from '../runtimes/run-command.ts';
import { preferPort } from './free-port.ts';
import { makeFolder } from './make-folder.ts';
import { type Ending, OwnedProcess } from './owned-process.ts';

const MAIN = join(PROJECT_FOLDER, 'relay-server/main.ts');
const BROWSER_CLIENT = join(PROJECT_FOLDER, 'out/browser');
/** As in the relay's image. */
const NODE_ARGUMENTS = ['--max-semi-space-size=4'];
const USUAL_PORT = 4444;
const LISTENING = /^tutti-relay listening on (https?:\/\/\S+)$/;
/** A relay that ends so often within so long cannot be helped by starting it again. */
const MAX_RESTARTS = 5;
const RESTARTS_WITHIN_MS = 60_000;

/** The relay that runs for as long as Tutti does. One that ends by itself is started again: the others wait for it. */
export class EmbeddedRelay {
  readonly name = 'The relay';
  /** Its base URL, without a slash at the end. */
  readonly url: string;
  /** Settles when it was stopped, or has ended too often; it never rejects. */
  readonly ended: Promise<Ending>;
  private readonly dataFolder: string;
  private current: OwnedProcess;
  private isStopping = false;
  private restartsMs: number[] = [];

  /**
   * Starts the relay on `dataFolder`, with the browser client, and waits until it takes connections.
   * @throws with what it said, when it does not come up
   */
  static async start(dataFolder: string, port: number | undefined): Promise<EmbeddedRelay> {
    await makeFolder(dataFolder);
    const { url, process } = await launch(dataFolder, port ?? (await preferPort(USUAL_PORT)));
    return new EmbeddedRelay(dataFolder, url, process);
  }

  private constructor(dataFolder: string, url: string, process: OwnedProcess) {
    this.dataFolder = dataFolder;
    this.url = url;
    this.current = process;
    this.ended = this.watch();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.current.stop();
    await this.ended;
  }

  private async watch(): Promise<Ending> {
    for (;;) {
      const ending = await this.current.ended;
      if (this.isStopping || this.hasEndedTooOften()) return ending;
      console.error(
        `The relay ended unexpectedly (${ending.signal ?? `exit code ${ending.code}`}). It is started again.`,
      );
      try {
        const { process } = await launch(this.dataFolder, Number(new URL(this.url).port));
        this.current = process;
        if (this.isStopping) await process.stop();
      } catch (error) {
        console.error(error instanceof Error ? error.message : error);
        return ending;
      }
    }
  }

  private hasEndedTooOften(): boolean {
    const nowMs = Date.now();
    this.restartsMs = [...this.restartsMs.filter((atMs) => nowMs - atMs < RESTARTS_WITHIN_MS), nowMs];
    return this.restartsMs.length > MAX_RESTARTS;
  }
}

async function launch(dataFolder: string, port: number): Promise<{ url: string; process: OwnedProcess }> {
  const args = ['serve', '--port', String(port), '--data', dataFolder, '--static', BROWSER_CLIENT];
  const relay = new OwnedProcess('The relay', process.execPath, [...NODE_ARGUMENTS, MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    if (relay.child.stdout) {
      createInterface(relay.child.stdout).on('line', (line) => {
        const found = LISTENING.exec(line)?.[1];
        if (found) resolve(found.replace(/\/+$/, ''));
        // Standard output of `npm start` is for the link.
        else console.error(line);
      });
    }
    void relay.ended.then(({ code }) => {
      reject(new Error(`The relay did not start on port ${port} with its data in ${dataFolder} (exit code ${code}).`));
    });
  });
  return { url, process: relay };
}

/**
 * A token from the operator's command of the relay, which works beside a running one.
 * @throws with what it said, when it fails
 */
export async function createOperatorToken(dataFolder: string, args: readonly string[]): Promise<string> {
  const { exitCode, output } = await runCommand(process.execPath, [MAIN, 'token', '--data', dataFolder, ...args]);
  if (exitCode !== 0) throw new Error(`The relay gave no token: ${output.trim()}`);
  return output.trim();
}
