import { setTimeout as pause } from 'node:timers/promises';
import * as Y from 'yjs';
import { typePaper } from '../load/paper.ts';
import { waitUntil } from '../load/pacing.ts';
import { median } from '../statistics.ts';
import type { Stage } from '../stage.ts';
import type { Figures, Work } from '../work.ts';
import { joinNew, type JoinResult } from './joining.ts';

const AUTHOR = 1;
const READER = 1_000;
const PIECE_CHARACTERS = 50;
const ARRIVED_WITHIN_MS = 60_000;
const STORE_MS = 12_000;
const WARM_JOINS = 3;
const SIZES = [
  { name: '10 KB', characters: 10_000 },
  { name: '100 KB', characters: 100_000 },
  { name: '1 MB', characters: 1_000_000 },
  { name: '10 MB', characters: 10_000_000 },
] as const;

const known = new Map<number, Uint8Array>();

/** A document written in pieces of `prose`, here and there. */
function writtenDocument(characters: number, prose: string): Uint8Array {
  const present = known.get(characters);
  if (present) return present;
  const doc = new Y.Doc();
  doc.clientID = AUTHOR;
  const content = doc.getText('content');
  let position = 0;
  for (let piece = 0; piece < characters / PIECE_CHARACTERS; piece++) {
    // Most is written where the last piece ended, every eighth piece a little before it.
    if (piece % 8 === 7) position = Math.max(0, position - 3 * PIECE_CHARACTERS);
    const start = (piece * PIECE_CHARACTERS) % (prose.length - PIECE_CHARACTERS);
    content.insert(position, prose.slice(start, start + PIECE_CHARACTERS));
    position += PIECE_CHARACTERS;
  }
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  known.set(characters, update);
  return update;
}

async function joinAs(stage: Stage, room: string, id: number, characters: number): Promise<JoinResult> {
  const expected = new Map([[AUTHOR, characters]]);
  const result = await joinNew(stage, { room, id, expected, withinMs: ARRIVED_WITHIN_MS });
  if (result.doc.getText('content').length !== characters) throw new Error('the newcomer lacks something');
  return result;
}

async function measureSize(stage: Stage, room: string, characters: number, prose: string): Promise<Figures> {
  const update = writtenDocument(characters, prose);
  let receivedBytes = 0;
  const reader = await stage.join({ room, id: READER, onUpdate: ({ byteLength }) => (receivedBytes += byteLength) });
  const writer = await stage.join({ room, id: AUTHOR });
  writer.sendUpdate(update);
  const describe = () => `${receivedBytes} of ${update.byteLength} bytes have arrived`;
  await waitUntil(() => receivedBytes >= update.byteLength, ARRIVED_WITHIN_MS, describe);
  const warm: number[] = [];
  let bytes = 0;
  for (let join = 0; join < WARM_JOINS; join++) {
    const result = await joinAs(stage, room, READER + 1 + join, characters);
    warm.push(result.receivedMs);
    bytes = result.bytes;
  }
  writer.close();
  reader.close();
  return { [`warmMs@${room}`]: median(warm), [`kilobytes@${room}`]: bytes / 1_000 };
}

export const growingDocument: Work = {
  name: 'growing-document',
  title: 'a document of 10 KB to 10 MB',
  rounds: 1,
  figures: SIZES.flatMap(({ name, characters }) => [
    { key: `warmMs@size-${characters}`, label: 'join, warm', unit: 'ms', size: name },
    { key: `coldMs@size-${characters}`, label: 'join after a restart', unit: 'ms', size: name },
    { key: `kilobytes@size-${characters}`, label: 'bytes of the join', unit: 'kB', size: name },
  ]),
  async run(stage) {
    const sizes = stage.isQuick ? SIZES.slice(0, 2) : SIZES;
    const rooms = sizes.map(({ characters }) => ({ room: `size-${characters}`, characters }));
    await stage.start(rooms.map(({ room }) => room));
    const prose = (await typePaper(stage.size(Infinity, 20_000))).text;
    const figures: Record<string, number> = {};
    for (const { room, characters } of rooms) Object.assign(figures, await measureSize(stage, room, characters, prose));
    await pause(stage.size(STORE_MS, 100));
    await stage.restart('stop');
    for (const { room, characters } of rooms)
      figures[`coldMs@${room}`] = (await joinAs(stage, room, READER, characters)).receivedMs;
    return figures;
  },
};
