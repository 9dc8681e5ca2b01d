import { setTimeout as pause } from 'node:timers/promises';
import * as Y from 'yjs';
import { waitUntil } from '../load/pacing.ts';
import { type TypedPaper, typePaper } from '../load/paper.ts';
import type { Stage } from '../stage.ts';
import { median } from '../statistics.ts';
import { type Figures, GENERATOR_FIGURE, generatorLoad, type Work } from '../work.ts';
import { clockOf, joinNew, type JoinResult } from './joining.ts';

const ROOM = 'paper';
const INTERRUPTED_ROOM = 'interrupted';
const READER = 1_000;
/** Keystrokes that may be on their way to the reader. */
const WINDOW = 50;
/** Each sitting is a connection of its own, as a person's would be over days. */
const KEYSTROKES_PER_SITTING = 45_000;
const INTERRUPTED_KEYSTROKES = 20_000;
/** What has not come so long after a restart is lost. Some servers read every keystroke before they send anything. */
const LOADED_WITHIN_MS = 120_000;
const INTERRUPTED_LOADED_WITHIN_MS = 30_000;
const ARRIVED_WITHIN_MS = 60_000;
/** So long after the last keystroke servers may put off storing. */
const STORE_MS = 3_000;
/** And so long they may then be busy with it. */
const STORED_WITHIN_MS = 300_000;
const WARM_JOINS = 5;

/** Types the paper with a reader in the room, who stays; what is on its way is limited by what the reader has got. */
async function typeThrough(stage: Stage, room: string, paper: TypedPaper): Promise<void> {
  let reached = 0;
  await stage.join({
    room,
    id: READER,
    onUpdate(update) {
      for (const { id, length } of Y.decodeUpdate(update).structs) reached = Math.max(reached, id.clock + length);
    },
  });
  for (let start = 0; start < paper.editCount; start += KEYSTROKES_PER_SITTING) {
    const writer = await stage.join({ room, id: start + READER + 1 });
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
}

/** Joins and waits for all of the paper. What is there must be as it was typed, but the end may be missing. */
async function joinPaper(
  stage: Stage,
  { room, paper, withinMs }: { readonly room: string; readonly paper: TypedPaper; readonly withinMs: number },
): Promise<JoinResult & { lost: number }> {
  const characters = paper.clockAfter(paper.editCount - 1);
  const expected = new Map([[paper.author, characters]]);
  const join = await joinNew(stage, { room, id: READER + 1, expected, withinMs });
  const lost = characters - clockOf(join.doc, paper.author);
  if (lost === 0 && join.doc.getText('content').toJSON() !== paper.text)
    throw new Error('the newcomer has another text');
  return { ...join, lost };
}

async function joinWarm(stage: Stage, paper: TypedPaper): Promise<Figures> {
  const joins: JoinResult[] = [];
  for (let count = 0; count < WARM_JOINS; count++) {
    const { lost, ...join } = await joinPaper(stage, { room: ROOM, paper, withinMs: LOADED_WITHIN_MS });
    if (lost > 0) throw new Error(`the newcomer lacks ${lost} characters that the reader has`);
    joins.push(join);
  }
  return {
    warmMs: median(joins.map(({ receivedMs }) => receivedMs)),
    warmAppliedMs: median(joins.map(({ appliedMs }) => appliedMs)),
    warmKilobytes: median(joins.map(({ bytes }) => bytes)) / 1_000,
  };
}

async function joinCold(stage: Stage, paper: TypedPaper): Promise<Figures> {
  await stage.restart('stop');
  await pause(stage.size(1_000, 0));
  const { lost, receivedMs, appliedMs } = await joinPaper(stage, { room: ROOM, paper, withinMs: LOADED_WITHIN_MS });
  // How soon less than all is there says nothing.
  return lost === 0 ? { coldLost: lost, coldMs: receivedMs, coldAppliedMs: appliedMs } : { coldLost: lost };
}

async function interrupt(stage: Stage): Promise<Figures> {
  const paper = await typePaper(stage.size(INTERRUPTED_KEYSTROKES, 500));
  // What a server does for the other room is not to delay it.
  await stage.waitUntilIdle(stage.size(STORED_WITHIN_MS, 1_000));
  await typeThrough(stage, INTERRUPTED_ROOM, paper);
  await pause(stage.size(STORE_MS, 100));
  await stage.restart('stop');
  const withinMs = INTERRUPTED_LOADED_WITHIN_MS;
  return { interruptedLost: (await joinPaper(stage, { room: INTERRUPTED_ROOM, paper, withinMs })).lost };
}

export const paper: Work = {
  name: 'paper',
  title: 'automerge-paper typed through, then joined',
  rounds: 2,
  figures: [
    { key: 'cpuSeconds', label: 'server CPU for the typing', unit: 's', aim: { kind: 'ratio', atMost: 0.5 } },
    { key: 'typedSeconds', label: 'time for the typing', unit: 's' },
    { key: 'busySeconds', label: 'until the server is idle after it (5 s at the least)', unit: 's' },
    { key: 'rss', label: 'memory of the server after it (RSS)', unit: 'MiB' },
    { key: 'warmMs', label: 'join, warm', unit: 'ms' },
    { key: 'warmAppliedMs', label: 'join, warm, until applied to a Y.Doc', unit: 'ms' },
    { key: 'warmKilobytes', label: 'bytes of the join', unit: 'kB', aim: { kind: 'ratio', atMost: 0.5 } },
    { key: 'coldMs', label: 'join after a restart', unit: 'ms', aim: { kind: 'ratio', atMost: 0.25 } },
    { key: 'coldAppliedMs', label: 'join after a restart, until applied to a Y.Doc', unit: 'ms' },
    { key: 'coldLost', label: 'characters lost by the restart (SIGTERM)', unit: '', aim: { kind: 'value', atMost: 0 } },
    {
      key: 'interruptedLost',
      label: `characters lost by a restart (SIGTERM) 3 s after ${INTERRUPTED_KEYSTROKES.toLocaleString('en')} keystrokes`,
      unit: '',
      aim: { kind: 'value', atMost: 0 },
    },
    GENERATOR_FIGURE,
  ],
  async run(stage) {
    const typed = await typePaper(stage.size(Infinity, 2_000));
    await stage.start([ROOM, INTERRUPTED_ROOM]);
    const typing = await stage.measure(() => typeThrough(stage, ROOM, typed));
    const storing = await stage.measure(async () => {
      await pause(stage.size(STORE_MS, 100));
      await stage.waitUntilIdle(stage.size(STORED_WITHIN_MS, 1_000));
    });
    return {
      cpuSeconds: (typing.serverCpuMs + storing.serverCpuMs) / 1_000,
      typedSeconds: typing.wallMs / 1_000,
      busySeconds: storing.wallMs / 1_000,
      rss: stage.server.rssBytes / 2 ** 20,
      ...(await joinWarm(stage, typed)),
      ...(await joinCold(stage, typed)),
      ...(await interrupt(stage)),
      ...generatorLoad(typing),
    };
  },
};
