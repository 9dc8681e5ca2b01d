import { mkdtemp, rm } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describeMachine } from './machine.ts';
import { writeTable } from './markdown-table.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { hocuspocus } from './peers/hocuspocus.ts';
import type { Peer, PeerName } from './peers/peer.ts';
import { tutti } from './peers/tutti.ts';
import { yWebsocket } from './peers/y-websocket.ts';
import { killServers } from './processes/server-process.ts';
import { Stage } from './stage.ts';
import { rounded } from './statistics.ts';
import { summarise, type WorkResult } from './summary.ts';
import type { Figures, Work } from './work.ts';
import { WORKS } from './works/index.ts';

// Measures the relay beside its peers: the same work on each, in turn, round after round. Prints one JSON line for each
// round and for each work's summary, and keeps the table in README.md, which says what the works are.

const README = fileURLToPath(new URL('README.md', import.meta.url));
const PEERS: readonly Peer[] = [tutti, hocuspocus, yWebsocket];

/** A server that takes longer has failed. */
const ROUND_WITHIN_MS = 900_000;

const dataRoot = await mkdtemp(join(tmpdir(), 'tutti-bench-'));

function cleanUp(): void {
  killServers();
  rmSync(dataRoot, { recursive: true, force: true });
}

async function runRound(work: Work, peer: Peer, { isQuick, profile }: BenchOptions): Promise<Figures> {
  const folder = await mkdtemp(join(dataRoot, `${peer.name}-`));
  const isProfiled = profile !== undefined && peer === tutti;
  const nodeArguments = isProfiled ? ['--cpu-prof', `--cpu-prof-dir=${join(profile, work.name)}`] : [];
  const stage = new Stage({ peer, installation: await peer.install(folder), isQuick, nodeArguments });
  const timeout = new AbortController();
  try {
    const tooLate = pause(ROUND_WITHIN_MS, undefined, { signal: timeout.signal }).then(() => {
      throw new Error(`the round was not done within ${ROUND_WITHIN_MS} ms`);
    });
    const running = work.run(stage);
    // Only the first to settle is heard of.
    for (const promise of [tooLate, running]) promise.catch(() => {});
    return await Promise.race([running, tooLate]);
  } finally {
    timeout.abort();
    await stage.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

async function runWork(work: Work, options: BenchOptions): Promise<WorkResult> {
  const rounds: Partial<Record<PeerName, Figures>>[] = [];
  const isWanted = (name: PeerName) => options.peers.length === 0 || options.peers.includes(name);
  const peers = PEERS.filter(({ name }) => (!work.peers || work.peers.includes(name)) && isWanted(name));
  for (let round = 1; round <= (options.rounds ?? (options.isQuick ? 1 : work.rounds)); round++) {
    const figures: Partial<Record<PeerName, Figures>> = {};
    for (const peer of peers) {
      const found = await runRound(work, peer, options).catch((error: unknown) => toFailure(error));
      if (found instanceof Error) {
        // The others are measured all the same.
        print({ work: work.name, peer: peer.name, round, failed: found.message });
        console.error(`${work.name} failed on ${peer.name}:`, found);
        process.exitCode = 1;
        continue;
      }
      figures[peer.name] = found;
      const shown = Object.fromEntries(Object.entries(found).map(([key, value]) => [key, rounded(value)]));
      print({ work: work.name, peer: peer.name, round, ...shown, load: rounded(loadavg()[0] ?? 0) });
    }
    rounds.push(figures);
  }
  return { work, rounds };
}

function toFailure(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify({ bench: 'relay', ...line })}\n`);
}

async function run(options: BenchOptions): Promise<void> {
  const works = WORKS.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  print({ machine: describeMachine(), peers: PEERS.map(({ description }) => description) });
  for (const work of works) {
    const result = await runWork(work, options);
    const figures = work.figures.map((figure) => summarise(result, figure));
    for (const { figure, medians, best, ratio, isMet } of figures) {
      print({ work: work.name, figure: figure.key, unit: figure.unit, medians, best, ratio, aim: figure.aim, isMet });
    }
    if (options.isQuick || options.profile !== undefined || options.peers.length > 0) continue;
    // What was measured before is better than nothing.
    if (result.rounds.every((round) => Object.keys(round).length === 0)) continue;
    const date = new Date().toISOString().slice(0, 10);
    const order = WORKS.map(({ title }) => title);
    await writeTable(README, [{ work, figures }], { machine: describeMachine(), date, order });
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    cleanUp();
    process.exit(130);
  });
}
try {
  if (process.platform !== 'linux') throw new TypeError('This bench reads /proc, which only Linux has.');
  await run(
    parseOptions(
      process.argv.slice(2),
      WORKS.map(({ name }) => name),
    ),
  );
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n${USAGE}` : error);
  process.exitCode = error instanceof TypeError ? 2 : 1;
} finally {
  cleanUp();
}
