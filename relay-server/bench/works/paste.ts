import { setTimeout as pause } from 'node:timers/promises';
import * as Y from 'yjs';
import { createLatencySamples, DeliveryMeter, type LatencySamples } from '../load/delivery-meter.ts';
import { waitUntil } from '../load/pacing.ts';
import { typedUpdates } from '../load/typing.ts';
import type { BenchClient } from '../load/bench-client.ts';
import type { Stage } from '../stage.ts';
import { percentile } from '../statistics.ts';
import { GENERATOR_FIGURE, generatorLoad, type Work } from '../work.ts';

const [ROOM, OTHER_ROOM] = ['paste', 'elsewhere'];
const TYPISTS = 10;
const PASTER = 1_000;
const EDITS_PER_SECOND = 10;
const WARM_UP_MS = 1_000;
/** What is typed within so long after the paste counts as typed during it, or longer if the paste takes longer. */
const DURING_MS = 1_500;
const ARRIVED_WITHIN_MS = 60_000;

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

/** Lets all type until `signal` is aborted. */
async function typeOn(writers: readonly BenchClient[], meter: DeliveryMeter, signal: AbortSignal): Promise<void> {
  const updates = writers.map((_, index) => typedUpdates(index + 1, 60 * EDITS_PER_SECOND));
  const startMs = performance.now();
  for (let step = 0; !signal.aborted; await pause(1)) {
    const due = ((performance.now() - startMs) * EDITS_PER_SECOND * writers.length) / 1_000;
    for (; step < due; step++) {
      const index = (step * 7) % writers.length;
      const update = updates[index]?.[Math.floor(step / writers.length)];
      if (!update) return;
      meter.noteSent(index + 1);
      writers[index]?.sendUpdate(update);
    }
  }
}

function p99Between({ sentAtMs, latencyMs }: LatencySamples, fromMs: number, untilMs: number): number {
  const within = latencyMs.filter((_, index) => (sentAtMs[index] ?? 0) >= fromMs && (sentAtMs[index] ?? 0) < untilMs);
  return percentile(within, 0.99);
}

async function joinTypists(stage: Stage, meter: DeliveryMeter, size: number) {
  const samples = { here: createLatencySamples(), elsewhere: createLatencySamples() };
  let pasted = 0;
  const writers = await stage.joinAll(
    Array.from({ length: TYPISTS * 2 }, (_, index) => {
      const isHere = index < TYPISTS;
      const onUpdate = meter.createReceiver(index + 1, isHere ? samples.here : samples.elsewhere);
      return {
        room: isHere ? ROOM : OTHER_ROOM,
        id: index + 1,
        ignoresBeyond: size,
        onIgnored: () => pasted++,
        onUpdate,
      };
    }),
  );
  return { writers, samples, pastedCount: () => pasted };
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
    const meter = new DeliveryMeter();
    const { writers, samples, pastedCount } = await joinTypists(stage, meter, update.byteLength);
    const paster = await stage.join({ room: ROOM, id: PASTER });
    const stop = new AbortController();
    const typing = typeOn(writers, meter, stop.signal);
    await pause(WARM_UP_MS);
    const beforeMs = performance.now();
    await pause(stage.size(5_000, 500));
    const pasteMs = performance.now();
    let pastedMs = 0;
    const usage = await stage.measure(async () => {
      paster.sendUpdate(update);
      const describe = () => `${pastedCount()} of ${TYPISTS} have the paste`;
      await waitUntil(() => pastedCount() >= TYPISTS, ARRIVED_WITHIN_MS, describe);
      pastedMs = performance.now() - pasteMs;
      await pause(Math.max(0, DURING_MS - pastedMs));
    });
    const endMs = performance.now();
    // What was typed last is still on its way.
    await pause(500);
    stop.abort();
    await typing;
    const before = p99Between(samples.here, beforeMs, pasteMs);
    const during = p99Between(samples.here, pasteMs, endMs);
    const elsewhere = p99Between(samples.elsewhere, pasteMs, endMs);
    return {
      beforeP99Ms: before,
      duringP99Ms: during,
      slowdown: during / before,
      elsewhereSlowdown: elsewhere / p99Between(samples.elsewhere, beforeMs, pasteMs),
      elsewhereP99Ms: elsewhere,
      pastedMs,
      ...generatorLoad(usage),
    };
  },
};
