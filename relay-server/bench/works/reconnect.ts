import * as Y from 'yjs';
import type { BenchClient, HeldDocument } from '../load/bench-client.ts';
import { waitUntil } from '../load/pacing.ts';
import { typePaper } from '../load/paper.ts';
import { typedUpdates } from '../load/typing.ts';
import type { Stage } from '../stage.ts';
import { type Figures, type FigureDefinition, GENERATOR_FIGURE, generatorLoad, type Work } from '../work.ts';
import { holdingOf } from './joining.ts';

const ROOM = 'reconnect';
const FIRST_ID = 1_000;
const WRITER = 2;
const MISSED_EDITS = 20;
const ACKED_WITHIN_MS = 30_000;

interface Returned {
  readonly client: BenchClient;
  readonly updates: readonly Uint8Array[];
}

/** A room with the finished paper, and what people hold of it. */
async function prepare(stage: Stage): Promise<{ held: HeldDocument; writer: BenchClient }> {
  const paper = await typePaper(stage.size(Infinity, 2_000));
  await stage.start([ROOM]);
  let hasArrived = false;
  const witness = await stage.join({
    room: ROOM,
    id: FIRST_ID - 1,
    onUpdate: (update) => (hasArrived ||= update.byteLength > 2),
  });
  const writer = await stage.join({ room: ROOM, id: WRITER });
  writer.sendUpdate(paper.state);
  await waitUntil(
    () => hasArrived,
    ACKED_WITHIN_MS,
    () => 'the document has not arrived',
  );
  witness.close();
  const cursorHolder = await stage.join({ room: ROOM, id: FIRST_ID - 1 });
  const doc = new Y.Doc();
  Y.applyUpdate(doc, paper.state);
  return { held: { ...holdingOf(doc), cursor: cursorHolder.cursor }, writer };
}

/** All connect at once. */
async function comeBack(stage: Stage, count: number, held: HeldDocument | undefined): Promise<Figures> {
  const connects = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const updates: Uint8Array[] = [];
      const onUpdate = (update: Uint8Array) => updates.push(update.slice());
      return { updates, connect: await stage.admit({ room: ROOM, id: FIRST_ID + index, held, onUpdate }) };
    }),
  );
  const returned: Returned[] = [];
  const usage = await stage.measure(async () => {
    await Promise.all(
      connects.map(async ({ updates, connect }) => {
        returned.push({ client: await connect(), updates });
      }),
    );
  });
  for (const { updates } of returned) checkMissed(updates);
  const bytes = returned.reduce((sum, { client }) => sum + client.socket.bytesReceived, 0);
  return {
    syncedMs: usage.wallMs,
    cpuMs: usage.serverCpuMs,
    kilobytesPerClient: bytes / count / 1_000,
    ...generatorLoad(usage),
  };
}

function checkMissed(updates: readonly Uint8Array[]): void {
  const reached = updates.map((update) => Y.parseUpdateMeta(update).to.get(WRITER) ?? 0);
  if (Math.max(0, ...reached) < MISSED_EDITS) throw new Error('somebody came back and lacks what was missed');
}

const FIGURES: readonly FigureDefinition[] = [
  { key: 'syncedMs', label: 'time until all are synced', unit: 'ms', aim: { kind: 'ratio', atMost: 0.7 } },
  { key: 'cpuMs', label: 'server CPU', unit: 'ms' },
  { key: 'kilobytesPerClient', label: 'bytes to each client', unit: 'kB' },
  GENERATOR_FIGURE,
];

async function missEdits(stage: Stage, writer: BenchClient): Promise<void> {
  let arrived = 0;
  const witness = await stage.join({
    room: ROOM,
    id: FIRST_ID - 2,
    onUpdate: (update) => {
      arrived = Math.max(arrived, Y.parseUpdateMeta(update).to.get(WRITER) ?? 0);
    },
  });
  for (const update of typedUpdates(WRITER, MISSED_EDITS)) writer.sendUpdate(update);
  await waitUntil(
    () => arrived >= MISSED_EDITS,
    ACKED_WITHIN_MS,
    () => 'the missed edits have not arrived',
  );
  witness.close();
}

export const reconnect: Work = {
  name: 'reconnect',
  title: '500 clients reconnecting at once to a 100 KB document, each lacking 20 edits',
  rounds: 5,
  figures: FIGURES,
  async run(stage) {
    const { held, writer } = await prepare(stage);
    await missEdits(stage, writer);
    return comeBack(stage, stage.size(500, 10), held);
  },
};

export const newcomers: Work = {
  name: 'newcomers',
  title: '500 clients joining at once a 100 KB document that they have nothing of',
  rounds: 3,
  figures: FIGURES,
  async run(stage) {
    const { writer } = await prepare(stage);
    await missEdits(stage, writer);
    return comeBack(stage, stage.size(500, 10), undefined);
  },
};
