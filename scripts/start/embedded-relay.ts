import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PROJECT_FOLDER } from '../project.ts';
import { runCommand } from '../runtimes/run-command.ts';
import { preferPort } from './free-port.ts';
import { OwnedProcess } from './owned-process.ts';

const MAIN = join(PROJECT_FOLDER, 'relay-server/main.ts');
const BROWSER_CLIENT = join(PROJECT_FOLDER, 'out/browser');
const USUAL_PORT = 4444;
const LISTENING = /^tutti-relay listening on (https?:\/\/\S+)$/;

/** The relay that runs for as long as Tutti does. */
export interface EmbeddedRelay {
  /** Its base URL, without a slash at the end. */
  readonly url: string;
  readonly process: OwnedProcess;
}

/**
 * Starts the relay on `dataFolder`, with the browser client, and waits until it takes connections.
 * @throws with what it said, when it does not come up
 */
export async function startEmbeddedRelay(dataFolder: string, port: number | undefined): Promise<EmbeddedRelay> {
  await mkdir(dataFolder, { recursive: true });
  const chosenPort = port ?? (await preferPort(USUAL_PORT));
  const args = ['serve', '--port', String(chosenPort), '--data', dataFolder, '--static', BROWSER_CLIENT];
  const relay = new OwnedProcess('The relay', process.execPath, [MAIN, ...args], {
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
      reject(
        new Error(`The relay did not start on port ${chosenPort} with its data in ${dataFolder} (exit code ${code}).`),
      );
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
