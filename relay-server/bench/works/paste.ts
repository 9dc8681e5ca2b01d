import { setTimeout as pause } from 'node:timers/promises';
import * as Y from 'yjs';
import type { Sightings } from '../load/client-process-messages.ts';
import { monotonicMs } from '../load/monotonic-clock.ts';
import { ClientProcess } from '../processes/client-process.ts';
import type { Stage } from '../stage.ts';
import { percentile } from '../statistics.ts';
import { GENERATOR_FIGURE, type Work } from '../work.ts';

const [ROOM, OTHER_ROOM] = ['paste', 'elsewhere'];
/** In each of the two rooms. */
const TYPISTS = 10;
const PASTER = 1_000;
const EDIT_INTERVAL_MS = 100;
const WARM_UP_MS = 1_000;
/** What is typed within so long after the paste counts as typed during it, or longer if the paste takes longer. */
const DURING_MS = 1_500;
const ARRIVED_WITHIN_MS = 60_000;
const ANSWERED_WITHIN_MS = 60_000;

const known = new Map<number, Uint8Array>();

/** The update of somebody who pastes so many characters. */
function pasteUpdate(characters: number): Uint8Array {
  const present = known.get(characters);
  if (present) return present;
  const doc = new Y.Doc();
  doc.clientID = PASTER;
  doc.getText('content').insert(0, 'All work and no play. '.repeat(Math.ceil(characters / 22)).slice(0, characters));
  const update = Y.encodeStateAsUpdate(doc);
  known.set(characters, update);
  return update;
}

/** The people of one room with these ids, in a process of their own. */
async function joinInProcess(stage: Stage, room: string, ids: readonly number[], ignoresBeyondBytes: number) {
  const clients = new ClientProcess();
  await stage.own(() => clients.dispose());
  const people = await Promise.all(ids.map(async (id) => ({ id, room, token: await stage.createToken(room) })));
  clients.ask({ kind: 'join', server: stage.peer.name, port: stage.server.port, people, ignoresBeyondBytes });
  await clients.hear('joined', ANSWERED_WITHIN_MS);
  return clients;
}

/** How long the edits that left between the two moments took to each of those who got them. */
function latenciesBetween(sightings: readonly Sightings[], fromMs: number, untilMs: number): readonly number[] {
  const sentAtMs = new Map(sightings.flatMap((seen) => [...seen.sentAtMs]));
  return sightings.flatMap(({ arrivals }) =>
    arrivals.authors.flatMap((author, index) => {
      const sentMs = sentAtMs.get(author)?.[arrivals.edits[index] ?? -1];
      const isWithin = sentMs !== undefined && sentMs >= fromMs && sentMs < untilMs;
      return isWithin ? [(arrivals.atMs[index] ?? Number.NaN) - sentMs] : [];
    }),
  );
}

async function finish(clients: readonly ClientProcess[]): Promise<readonly Sightings[]> {
  return Promise.all(
    clients.map(async (each) => {
      each.ask({ kind: 'finish' });
      return (await each.hear('finished', ANSWERED_WITHIN_MS)).sightings;
    }),
  );
}

export const paste: Work = {
  name: 'paste',
  title: 'ten typing while an eleventh pastes 5 MB',
  rounds: 5,
  figures: [
    { key: 'beforeP99Ms', label: 'latency p99 of the ten, before', unit: 'ms' },
    { key: 'duringP99Ms', label: 'latency p99 of the ten, during', unit: 'ms' },
    {
      key: 'slowdown',
      label: 'latency p99 of the ten, during against before',
      unit: '×',
      aim: { kind: 'value', atMost: 2 },
    },
    {
      key: 'elsewhereSlowdown',
      label: 'latency p99 of another room, during against before',
      unit: '×',
      aim: { kind: 'value', atMost: 1.2 },
    },
    { key: 'elsewhereP99Ms', label: 'latency p99 of another room, during', unit: 'ms' },
    { key: 'pastedMs', label: 'until all ten have what was pasted', unit: 'ms' },
    GENERATOR_FIGURE,
  ],
  async run(stage) {
    const update = pasteUpdate(stage.size(5_000_000, 200_000));
    await stage.start([ROOM, OTHER_ROOM]);
    const ids = Array.from({ length: TYPISTS }, (_, index) => index + 1);
    const elsewhere = await joinInProcess(
      stage,
      OTHER_ROOM,
      ids.map((id) => id + TYPISTS),
      update.byteLength,
    );
    // Ten people do not read with one processor.
    const here = await Promise.all(ids.map((id) => joinInProcess(stage, ROOM, [id], update.byteLength)));
    const paster = await joinInProcess(stage, ROOM, [PASTER], update.byteLength);
    const readCpuMs = () => [...here, elsewhere, paster].reduce((sum, { cpuMs }) => sum + cpuMs, 0);

    const startMs = monotonicMs() + 200;
    for (const clients of [...here, elsewhere])
      clients.ask({ kind: 'type', startMs, intervalMs: EDIT_INTERVAL_MS, peopleInAll: TYPISTS * 2 });
    await pause(WARM_UP_MS);
    const beforeMs = monotonicMs();
    await pause(stage.size(5_000, 500));

    const cpuBeforeMs = readCpuMs();
    paster.ask({ kind: 'paste', update });
    const { atMs: pasteMs } = await paster.hear('pasting', ANSWERED_WITHIN_MS);
    const arrived = await Promise.all(here.map((each) => each.hear('large-arrived', ARRIVED_WITHIN_MS)));
    const pastedMs = Math.max(...arrived.map(({ atMs }) => atMs)) - pasteMs;
    const endMs = pasteMs + Math.max(DURING_MS, pastedMs);
    await pause(Math.max(0, endMs - monotonicMs()));
    const generatorLoad = (readCpuMs() - cpuBeforeMs) / (monotonicMs() - pasteMs);
    // What was typed last is still on its way.
    await pause(500);
    const [hereSaw, elsewhereSaw] = [await finish(here), await finish([elsewhere])];
    const p99 = (saw: readonly Sightings[], fromMs: number, untilMs: number) =>
      percentile(latenciesBetween(saw, fromMs, untilMs), 0.99);
    const [before, during] = [p99(hereSaw, beforeMs, pasteMs), p99(hereSaw, pasteMs, endMs)];
    const elsewhereDuring = p99(elsewhereSaw, pasteMs, endMs);
    return {
      beforeP99Ms: before,
      duringP99Ms: during,
      slowdown: during / before,
      elsewhereSlowdown: elsewhereDuring / p99(elsewhereSaw, beforeMs, pasteMs),
      elsewhereP99Ms: elsewhereDuring,
      pastedMs,
      generatorLoad,
    };
  },
};
