import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { operatorToken, RelayProcess } from '../../testing/relay-process.ts';
import { rounded } from '../percentile.ts';
import { AskedProcess } from './asked-process.ts';
import { SilentServer } from './silent-server.ts';
import { FIRST_FILE, sourceFiles, writeSourceFolder } from './source-folder.ts';

// Opens a room of many files: on a device that has nothing of it, and from the offline store on a network that swallows
// everything. Measures until a window's list is there, a first text, and all files in a folder. The times count from the
// request to open; `processMs` is what the process of plain Node took to start before. Prints a JSON line for each.

export interface ColdOpenOptions {
  /** How many files; a room for each. */
  readonly sizes?: readonly number[];
}

interface Stage {
  readonly data: string;
  readonly files: number;
  readonly relay: RelayProcess;
  /** Puts what was started in its care. */
  own(process: AskedProcess): AskedProcess;
}

/** From nothing on the device; the second only where the offline store has everything. */
const AIMS = { listed: 10_000, offline: 1_000 } as const;
const ROOM_PROCESS = resolve('desktop/main/testing/room-process.ts');

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function print(line: object): void {
  console.log(JSON.stringify({ bench: 'offline', part: 'open', ...line, load: loadavg()[0] }));
}

async function startRooms(stage: Stage, name: string, env: Readonly<Record<string, string>> = {}) {
  const { data, relay, own } = stage;
  const startMs = nowMs();
  const options = ['--data', join(data, name), '--relay', relay.url];
  const rooms = own(await AskedProcess.start(ROOM_PROCESS, options, { XDG_STATE_HOME: join(data, 'state'), ...env }));
  return { rooms, processMs: rounded(nowMs() - startMs) };
}

/** Shares a folder and resolves with the link. */
async function share(stage: Stage): Promise<string> {
  const { data, files, relay } = stage;
  const folder = join(data, 'shared');
  await writeSourceFolder(folder, sourceFiles(files, 'one'));
  const token = await operatorToken(relay.dataFolder);
  const { rooms, processMs } = await startRooms(stage, 'ana', { TUTTI_OPERATOR_TOKEN: token });
  const startMs = nowMs();
  const { atMs, link } = await rooms.ask(`share ${folder} ${files}`, 'shared');
  print({ from: 'a folder', files, processMs, onRelayMs: rounded(Number(atMs) - startMs) });
  await rooms.stop();
  return String(link);
}

async function open(rooms: AskedProcess, link: string, files: number) {
  const startMs = nowMs();
  await rooms.ask(`join ${link}`, 'joined');
  const { listAtMs, textAtMs } = await rooms.ask(`show ${files} ${FIRST_FILE}`, 'shown');
  const rssMb = Math.round(Number((await rooms.ask('describe', 'described'))['rssBytes']) / 2 ** 20);
  return { listMs: rounded(Number(listAtMs) - startMs), textMs: rounded(Number(textAtMs) - startMs), rssMb };
}

/** Nothing on the device, then with a folder from the start. */
async function openFromRelay(stage: Stage, link: string): Promise<void> {
  const { data, files } = stage;
  const first = await startRooms(stage, 'ben');
  const shown = await open(first.rooms, link, files);
  const isAimMet = shown.textMs < AIMS.listed;
  print({ from: 'the relay', files, processMs: first.processMs, ...shown, aimMs: AIMS.listed, isAimMet });
  await first.rooms.stop();
  const second = await startRooms(stage, 'cleo');
  const startMs = nowMs();
  await second.rooms.ask(`join ${link}`, 'joined');
  const mirrored = await second.rooms.ask(`mirror ${join(data, 'mirror')} ${files}`, 'mirrored');
  const mirroredMs = rounded(Number(mirrored['atMs']) - startMs);
  const rssMb = Math.round(Number((await second.rooms.ask('describe', 'described'))['rssBytes']) / 2 ** 20);
  print({ from: 'the relay, to a folder', files, processMs: second.processMs, mirroredMs, rssMb });
  await second.rooms.stop();
}

/** Everything is in the store, and the room has its folder. */
async function openFromStore(stage: Stage, link: string): Promise<void> {
  const { files } = stage;
  const { rooms, processMs } = await startRooms(stage, 'cleo');
  const shown = await open(rooms, link, files);
  const isAimMet = shown.textMs < AIMS.offline;
  print({ from: 'the offline store', files, processMs, ...shown, aimMs: AIMS.offline, isAimMet });
  await rooms.stop();
}

async function measureSize(files: number): Promise<void> {
  const data = await realpath(await mkdtemp(join(tmpdir(), 'tutti-bench-')));
  const relay = await RelayProcess.start(join(data, 'relay'));
  const processes: AskedProcess[] = [];
  const own = (process: AskedProcess) => {
    processes.push(process);
    return process;
  };
  const stage = { data, files, relay, own };
  try {
    const link = await share(stage);
    await openFromRelay(stage, link);
    await relay.stop();
    const silent = await SilentServer.start(relay.port);
    try {
      await openFromStore(stage, link);
    } finally {
      await silent.stop();
    }
  } finally {
    for (const process of processes) await process.stop();
    await relay.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** Measures rooms of each size and prints them. */
export async function measureColdOpen({ sizes = [500, 2_000] }: ColdOpenOptions = {}): Promise<void> {
  for (const files of sizes) await measureSize(files);
}
