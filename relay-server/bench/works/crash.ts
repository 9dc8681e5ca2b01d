import { setTimeout as pause } from 'node:timers/promises';
import * as Y from 'yjs';
import { paceEvenly, waitUntil } from '../load/pacing.ts';
import { typedUpdates } from '../load/typing.ts';
import type { Stage } from '../stage.ts';
import type { Figures, Work } from '../work.ts';
import { clockOf, joinNew } from './joining.ts';

const WRITERS = 10;
const EDITS_PER_SECOND = 50;
const READER = 1_000;
/** What has not come so long after a restart is lost. */
const LOADED_WITHIN_MS = 3_000;
const ARRIVED_WITHIN_MS = 30_000;

/** Everybody types; gives how many edits of each were sent and acked so far. */
async function typeAll(stage: Stage, room: string, seconds: number, onEdit: (edits: number) => void) {
  const acked = Array.from({ length: WRITERS }, () => 0);
  const sent = Array.from({ length: WRITERS }, () => 0);
  const writers = await stage.joinAll(
    acked.map((_, index) => ({
      room,
      id: index + 1,
      onAcked: (count: number) => {
        acked[index] = count;
      },
    })),
  );
  const count = seconds * EDITS_PER_SECOND * WRITERS;
  await paceEvenly(count, EDITS_PER_SECOND * WRITERS, (step) => {
    const index = step % WRITERS;
    const update = typedUpdates(index + 1, seconds * EDITS_PER_SECOND)[Math.floor(step / WRITERS)];
    if (!update) return;
    sent[index] = (sent[index] ?? 0) + 1;
    writers[index]?.sendUpdate(update);
    onEdit(step + 1);
  });
  return { acked, sent };
}

/** How many of the edits that each author was promised are not there after a restart. */
async function countLost(stage: Stage, room: string, promised: readonly number[]): Promise<number> {
  const expected = new Map(promised.map((count, index) => [index + 1, count]));
  const { doc } = await joinNew(stage, { room, id: READER + 1, expected, withinMs: LOADED_WITHIN_MS });
  const lost = promised.map((count, index) => Math.max(0, count - clockOf(doc, index + 1)));
  return lost.reduce((sum, count) => sum + count, 0);
}

async function killWhileTyping(stage: Stage, seconds: number): Promise<Figures> {
  const room = 'typing';
  const killAt = Math.floor(seconds * EDITS_PER_SECOND * WRITERS * 0.8);
  let killed: Promise<void> | undefined;
  const { acked } = await typeAll(stage, room, seconds, (edits) => {
    if (edits === killAt) killed = stage.server.kill();
  });
  await killed;
  await stage.restart('kill');
  const promised = acked.reduce((sum, count) => sum + count, 0);
  if (promised === 0) return {};
  return { ackedCount: promised, ackedLost: await countLost(stage, room, acked) };
}

async function killAfterTyping(stage: Stage, seconds: number): Promise<Figures> {
  const room = 'typed';
  const reached = new Map<number, number>();
  await stage.join({
    room,
    id: READER,
    onUpdate(update) {
      for (const [author, clock] of Y.parseUpdateMeta(update).to) {
        reached.set(author, Math.max(clock, reached.get(author) ?? 0));
      }
    },
  });
  const { sent } = await typeAll(stage, room, seconds, () => {});
  const hasAll = () => sent.every((count, index) => (reached.get(index + 1) ?? 0) >= count);
  await waitUntil(hasAll, ARRIVED_WITHIN_MS, () => 'the edits have not arrived');
  await pause(1_000);
  await stage.restart('kill');
  return { seenCount: sent.reduce((sum, count) => sum + count, 0), seenLost: await countLost(stage, room, sent) };
}

export const crash: Work = {
  name: 'crash',
  title: 'kill -9',
  rounds: 3,
  figures: [
    {
      key: 'ackedLost',
      label: 'edits lost that the server had confirmed, killed while ten type 50/s',
      unit: '',
      aim: { kind: 'value', atMost: 0 },
    },
    { key: 'ackedCount', label: 'edits confirmed before it', unit: '' },
    { key: 'seenLost', label: 'edits lost that everybody had seen, killed 1 s after the last', unit: '' },
    { key: 'seenCount', label: 'edits seen before it', unit: '' },
  ],
  async run(stage) {
    await stage.start(['typing', 'typed']);
    const seconds = stage.size(3, 1);
    return { ...(await killWhileTyping(stage, seconds)), ...(await killAfterTyping(stage, seconds)) };
  },
};
