import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RelayProcess, roomToken } from '../../testing/relay-process.ts';
import { AskedProcess } from './asked-process.ts';

/** A server that runs, and how people come to it. */
export interface RunningPeer {
  readonly port: number;
  /** Starts a person who reaches the server through this port. */
  startPerson(name: string, port: number, documents: number): Promise<AskedProcess>;
  stop(): Promise<void>;
}

/** One way of working together, with what it brings along. */
export interface MergePeer {
  readonly name: 'tutti' | 'y-websocket';
  /** Starts its server with an empty folder of its own. */
  start(folder: string): Promise<RunningPeer>;
}

const ROOM = 'bench';
const MERGING_PROCESS = resolve('desktop/main/testing/merging-process.ts');
const Y_WEBSOCKET_PROCESS = fileURLToPath(new URL('y-websocket-process.ts', import.meta.url));
const Y_WEBSOCKET_SERVER = fileURLToPath(new URL('server.js', import.meta.resolve('@y/websocket-server/utils')));
const START_WITHIN_MS = 30_000;

/** This project: engines with a SQLite store each, one socket for all documents, the relay with SQLite. */
export const tutti: MergePeer = {
  name: 'tutti',
  async start(folder) {
    const relay = await RelayProcess.start(join(folder, 'relay'));
    return {
      port: relay.port,
      async startPerson(name, port, documents) {
        const token = await roomToken(relay.dataFolder, ROOM, 'editor', name);
        const url = `ws://127.0.0.1:${port}/sync/${ROOM}`;
        const store = join(folder, `${name}.sqlite`);
        const own = ['--url', url, '--token', token, '--store', store, '--documents', String(documents)];
        return AskedProcess.start(MERGING_PROCESS, own);
      },
      stop: () => relay.stop(),
    };
  },
};

/** y-websocket's provider for each document, nothing stored on the device, its own server with LevelDB. */
export const yWebsocket: MergePeer = {
  name: 'y-websocket',
  async start(folder) {
    const port = await findFreePort();
    const child = spawn(process.execPath, [Y_WEBSOCKET_SERVER], {
      env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), YPERSISTENCE: join(folder, 'leveldb') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await whenRunning(child);
    return {
      port,
      startPerson: (_name, through, documents) =>
        AskedProcess.start(Y_WEBSOCKET_PROCESS, [
          '--url',
          `ws://127.0.0.1:${through}`,
          '--documents',
          String(documents),
        ]),
      async stop() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
    };
  },
};

async function whenRunning(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error('the server of y-websocket did not start in time'));
    }, START_WITHIN_MS);
    const settled = () => clearTimeout(timer);
    child.once('exit', (code) => {
      settled();
      reject(new Error(`the server of y-websocket ended with ${code}`));
    });
    if (!child.stdout) throw new Error('the server of y-websocket has no output');
    createInterface(child.stdout).on('line', (line) => {
      if (!line.startsWith('running at ')) return;
      settled();
      resolve();
    });
  });
}

/** It cannot be asked for the port that it was given. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
