import { setTimeout as pause } from 'node:timers/promises';
import * as Y from 'yjs';
import { waitUntil } from '../load/pacing.ts';
import { type TypedPaper, typePaper } from '../load/paper.ts';
import type { Stage } from '../stage.ts';
import { median } from '../statistics.ts';
import { GENERATOR_FIGURE, generatorLoad, type Work } from '../work.ts';
import { clockOf, joinNew, type JoinResult } from './joining.ts';

const ROOM = 'paper';
const READER = 1_000;
/** Keystrokes that may be on their way to the reader. */
const WINDOW = 50;
/** Each sitting is a connection of its own, as a person's would be over days. */
const KEYSTROKES_PER_SITTING = 45_000;
/** What has not come so long after a restart is lost. */
const LOADED_WITHIN_MS = 30_000;
const ARRIVED_WITHIN_MS = 60_000;
/** So long after the last keystroke a server may still be storing. */
const STORE_MS = 3_000;
const WARM_JOINS = 5;

/** Types the paper with a reader in the room; what is on its way is limited by what the reader has got. */
async function typeThrough(stage: Stage, paper: TypedPaper): Promise<void> {
  let reached = 0;
  const reader = await stage.join({
    room: ROOM,
    id: READER,
    onUpdate(update) {
      for (const { id, length } of Y.decodeUpdate(update).structs) reached = Math.max(reached, id.clock + length);
    },
  });
  for (let start = 0; start < paper.editCount; start += KEYSTROKES_PER_SITTING) {
    const writer = await stage.join({ room: ROOM, id: start + READER + 1 });
    const end = Math.min(paper.editCount, start + KEYSTROKES_PER_SITTING);
    for (let index = start; index < end; index++) {
      const describe = () => `${reached} of ${paper.clockAfter(index)} characters have arrived`;
      // The first check needs no timer.
      if (paper.clockAfter(index) - reached > WINDOW)
        await waitUntil(() => paper.clockAfter(index) - reached <= WINDOW, ARRIVED_WITHIN_MS, describe);
      writer.sendUpdate(paper.update(index));
    }
    const describe = () => `${reached} of ${paper.clockAfter(end - 1)} characters have arrived`;
    await waitUntil(() => reached >= paper.clockAfter(end - 1), ARRIVED_WITHIN_MS, describe);
    if (writer.refusals > 0) throw new Error(`${writer.refusals} keystrokes were refused`);
    writer.close();
  }
  reader.close();
}

function check({ doc }: JoinResult, paper: TypedPaper): void {
  if (doc.getText('content').toJSON() !== paper.text) throw new Error('the newcomer has another text');
}

export const paper: Work = {
  name: 'paper',
  title: 'automerge-paper typed through, then joined',
  rounds: 2,
  figures: [
    { key: 'cpuSeconds', label: 'server CPU for the typing', unit: 's', aim: { kind: 'ratio', atMost: 0.5 } },
    { key: 'typedSeconds', label: 'time for the typing', unit: 's' },
    { key: 'rss', label: 'memory of the server after it (RSS)', unit: 'MiB' },
    { key: 'warmMs', label: 'join, warm', unit: 'ms' },
    { key: 'warmAppliedMs', label: 'join, warm, until applied to a Y.Doc', unit: 'ms' },
    { key: 'warmKilobytes', label: 'bytes of the join', unit: 'kB', aim: { kind: 'ratio', atMost: 0.5 } },
    { key: 'coldMs', label: 'join after a restart', unit: 'ms', aim: { kind: 'ratio', atMost: 0.25 } },
    { key: 'coldAppliedMs', label: 'join after a restart, until applied to a Y.Doc', unit: 'ms' },
    { key: 'coldLost', label: 'characters lost by the restart (SIGTERM)', unit: '', aim: { kind: 'value', atMost: 0 } },
    GENERATOR_FIGURE,
  ],
  async run(stage) {
    const typed = await typePaper(stage.size(Infinity, 2_000));
    await stage.start([ROOM]);
    let typedMs = 0;
    const usage = await stage.measure(async () => {
      const startMs = performance.now();
      await typeThrough(stage, typed);
      typedMs = performance.now() - startMs;
      await pause(stage.size(STORE_MS, 100));
    });
    const rss = stage.server.rssBytes / 2 ** 20;
    // Somebody is in the room, so that no server lets go of the document.
    await stage.join({ room: ROOM, id: READER });
    const warm: JoinResult[] = [];
    const expected = new Map([[typed.author, typed.clockAfter(typed.editCount - 1)]]);
    const joinNext = (id: number) => joinNew(stage, { room: ROOM, id, expected, withinMs: LOADED_WITHIN_MS });
    for (let join = 0; join < WARM_JOINS; join++) warm.push(await joinNext(READER + 1 + join));
    await stage.restart('stop');
    await pause(stage.size(1_000, 0));
    const cold = await joinNext(READER);
    for (const join of warm) check(join, typed);
    const coldLost = typed.clockAfter(typed.editCount - 1) - clockOf(cold.doc, typed.author);
    if (coldLost === 0) check(cold, typed);
    return {
      cpuSeconds: usage.serverCpuMs / 1_000,
      typedSeconds: typedMs / 1_000,
      rss,
      warmMs: median(warm.map(({ receivedMs }) => receivedMs)),
      warmAppliedMs: median(warm.map(({ appliedMs }) => appliedMs)),
      warmKilobytes: median(warm.map(({ bytes }) => bytes)) / 1_000,
      coldLost,
      // How soon less than all is there says nothing.
      ...(coldLost === 0 ? { coldMs: cold.receivedMs, coldAppliedMs: cold.appliedMs } : {}),
      ...generatorLoad(usage),
    };
  },
};
