import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile, rounded } from '../percentile.ts';
import type { AskedProcess } from './asked-process.ts';
import { CountedNetwork } from './counted-network.ts';
import { type MergePeer, tutti, yWebsocket } from './merge-peers.ts';

// One person edits many files without a network while another goes on with the same files; then the network is back.
// Measures until everybody has everything. Prints a JSON line for each round, and one with the ratios.

export interface MergeOptions {
  readonly files?: number;
  /** Of all files together. */
  readonly edits?: number;
  readonly rounds?: number;
}

interface MergeTimes {
  /** Until the one who comes back has the edits of the other. */
  readonly returningMs: number;
  /** Until the one who was online has all edits. */
  readonly onlineMs: number;
  /** Until the client of the one who comes back says that all is well: with Tutti, all is on the relay's disk. */
  readonly savedMs: number;
  readonly upBytes: number;
  readonly downBytes: number;
  readonly editUs: number;
  readonly returningCpuMs: number;
}

const AIM = { onlineMs: 5_000 } as const;
/** Characters in each file before. */
const BEFORE = 2_000;
/** What the one who stays online types, for each edit of the other. */
const ONLINE_SHARE = 0.1;
const FIGURES = ['returningMs', 'onlineMs', 'savedMs', 'upBytes', 'downBytes', 'editUs', 'returningCpuMs'] as const;

async function describe(person: AskedProcess): Promise<{ readonly hash: unknown; readonly cpuMs: number }> {
  const { hash, cpuMs } = await person.ask('describe', 'described');
  return { hash, cpuMs: Number(cpuMs) };
}

interface Stage {
  readonly returning: AskedProcess;
  readonly online: AskedProcess;
  readonly network: CountedNetwork;
}

async function merge({ returning, online, network }: Stage, files: number, edits: number): Promise<MergeTimes> {
  const keys = Math.round(edits / files);
  const others = Math.max(1, Math.round(keys * ONLINE_SHARE));
  await Promise.all([returning.ask('await-synced', 'synced'), online.ask('await-synced', 'synced')]);
  await online.ask(`type ${BEFORE} 0`, 'typed');
  await returning.ask(`await-length ${BEFORE}`, 'reached');
  network.cut();
  // Else it would go on handing its edits to a socket.
  await returning.ask('disconnect', 'disconnected');
  const typed = await returning.ask(`type ${keys} 1`, 'typed');
  await online.ask(`type ${others} 2`, 'typed');
  await online.ask('await-saved', 'saved');
  const before = await describe(returning);
  network.mend();
  const length = BEFORE + keys + others;
  const arrivals = [returning, online].map((person) => person.ask(`await-length ${length}`, 'reached'));
  const startMs = Number((await returning.ask('connect', 'connecting'))['atMs']);
  const saved = returning.ask('await-saved', 'saved');
  const [returningMs = Number.NaN, onlineMs = Number.NaN, savedMs = Number.NaN] = (
    await Promise.all([...arrivals, saved])
  ).map(({ atMs }) => Number(atMs) - startMs);
  const [after, other] = await Promise.all([describe(returning), describe(online)]);
  if (after.hash !== other.hash) throw new Error('the two have different texts');
  const { upBytes, downBytes } = network;
  const editUs = (Number(typed['tookMs']) * 1_000) / (keys * files);
  return { returningMs, onlineMs, savedMs, upBytes, downBytes, editUs, returningCpuMs: after.cpuMs - before.cpuMs };
}

async function runRound(peer: MergePeer, files: number, edits: number): Promise<MergeTimes> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-bench-'));
  const server = await peer.start(folder);
  const people: AskedProcess[] = [];
  const network = await CountedNetwork.start(server.port);
  try {
    const start = async (name: string, port: number) => {
      const person = await server.startPerson(name, port, files);
      people.push(person);
      return person;
    };
    const online = await start('online', server.port);
    const returning = await start('returning', network.port);
    return await merge({ returning, online, network }, files, edits);
  } finally {
    for (const person of people) await person.stop();
    await network.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function shown(times: MergeTimes): MergeTimes {
  const { returningMs, onlineMs, savedMs, upBytes, downBytes, editUs, returningCpuMs } = times;
  return {
    returningMs: rounded(returningMs),
    onlineMs: rounded(onlineMs),
    savedMs: rounded(savedMs),
    upBytes,
    downBytes,
    editUs: rounded(editUs),
    returningCpuMs: rounded(returningCpuMs),
  };
}

/** Measures the merge in rounds, this project and its peer in turn, and prints them. */
export async function measureMerge({ files = 50, edits = 10_000, rounds = 3 }: MergeOptions = {}): Promise<void> {
  const ratios = new Map<string, number[]>();
  const own: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const mine = await runRound(tutti, files, edits);
    const theirs = await runRound(yWebsocket, files, edits);
    own.push(mine.onlineMs);
    for (const [peer, times] of [
      [tutti, mine],
      [yWebsocket, theirs],
    ] as const) {
      const line = { bench: 'offline', part: 'merge', peer: peer.name, round, files, edits, ...shown(times) };
      console.log(JSON.stringify({ ...line, load: loadavg()[0] }));
    }
    for (const figure of FIGURES) ratios.set(figure, [...(ratios.get(figure) ?? []), mine[figure] / theirs[figure]]);
  }
  const medians = new Map(FIGURES.map((figure) => [figure, rounded(percentile(ratios.get(figure) ?? [], 0.5))]));
  console.log(
    JSON.stringify({
      bench: 'offline',
      part: 'merge',
      against: yWebsocket.name,
      ratios: Object.fromEntries<number>(medians),
      onlineP50Ms: rounded(percentile(own, 0.5)),
      aim: AIM,
      isAimMet: Math.max(...own) < AIM.onlineMs,
    }),
  );
}
