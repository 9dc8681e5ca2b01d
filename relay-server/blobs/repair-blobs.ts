import type { BlobIndex, BlobKey, BlobPart } from '../log/blob-index.ts';
import { type BlobParts, partObjectId } from '../log/blob-parts.ts';
import { LogFailure } from '../log/log-failure.ts';
import { count, MISSING_ADVICE } from '../repair-report.ts';

export interface BlobRepairOptions {
  readonly index: BlobIndex;
  readonly parts: BlobParts;
  /** Where the parts are, for the operator. */
  readonly place: string;
  /** Whether it is repaired; it is only checked else. */
  readonly isApplied: boolean;
  /** Whether blobs are given up of which the store has nothing at all. */
  readonly givesUpMissingObjects: boolean;
  readonly nowMs: () => number;
}

type Room = Omit<BlobKey, 'blob'>;
type Outcome = 'sound' | 'repaired' | 'damaged' | 'objects-missing';

const PAGE_BLOBS = 500;

/**
 * Reads all whole blobs of a room. One of which parts are damaged or missing is, when it is repaired, one that was not
 * sent as a whole yet: whoever has the file sends these parts again. `write` gets a line for each that is not sound, and
 * then what it comes to; nothing when the room has none. Gives whether all of them can be read, or sent again. Rejects
 * with a `LogFailure` when the database or the store cannot be reached.
 */
export async function repairRoomBlobs(
  options: BlobRepairOptions,
  room: Room,
  write: (text: string) => void,
): Promise<boolean> {
  const outcomes = new Map<Outcome, number>();
  for await (const key of blobsOf(options.index, room)) {
    const { outcome, problem } = await repairBlob(options, key);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (problem !== undefined) write(`The file content ${key.blob} in room ${key.room} ${problem}\n`);
  }
  if (outcomes.size === 0) return true;
  write(`${summarize(room.room, outcomes, options.place)}\n`);
  return [...outcomes.keys()].every((outcome) => outcome === 'sound' || outcome === 'repaired');
}

async function* blobsOf(index: BlobIndex, room: Room): AsyncGenerator<BlobKey> {
  let after: string | undefined;
  for (;;) {
    const page = await index.listBlobs(room, { after, limit: PAGE_BLOBS });
    for (const blob of page) yield { tenant: room.tenant, room: room.room, blob };
    after = page.at(-1);
    if (page.length < PAGE_BLOBS) return;
  }
}

async function repairBlob(
  { index, parts, place, isApplied, givesUpMissingObjects, nowMs }: BlobRepairOptions,
  key: BlobKey,
): Promise<{ readonly outcome: Outcome; readonly problem?: string }> {
  const record = await index.findBlob(key);
  if (record?.state !== 'complete') return { outcome: 'sound' };
  const lost: BlobPart[] = [];
  for (const part of record.parts) if (!(await isReadable(parts, key, part))) lost.push(part);
  if (lost.length === 0) return { outcome: 'sound' };
  const named = new Set(record.parts.map(partObjectId));
  const isAnyThere = (await parts.list(key)).some((id) => named.has(id));
  if (!isAnyThere && !givesUpMissingObjects)
    return { outcome: 'objects-missing', problem: `has ${count(lost.length, 'part')}, none of which is in ${place}.` };
  const extent = `is damaged: ${lost.length} of its ${count(record.parts.length, 'part')} cannot be read.`;
  if (!isApplied) return { outcome: 'damaged', problem: extent };
  for (const part of lost) await index.losePart(key, part, nowMs());
  return { outcome: 'repaired', problem: `${extent} Whoever has the file sends them again.` };
}

async function isReadable(parts: BlobParts, key: BlobKey, part: BlobPart): Promise<boolean> {
  try {
    await parts.read(key, part);
    return true;
  } catch (error) {
    if (error instanceof LogFailure && error.code === 'corrupted') return false;
    throw error;
  }
}

function summarize(room: string, outcomes: ReadonlyMap<Outcome, number>, place: string): string {
  const all = [...outcomes.values()].reduce((sum, amount) => sum + amount, 0);
  const words: Readonly<Record<Outcome, string>> = {
    sound: 'sound',
    repaired: 'to be sent again',
    damaged: 'damaged',
    'objects-missing': 'with nothing in the store',
  };
  const parts = [...outcomes].map(([outcome, amount]) => `${amount} ${words[outcome]}`);
  const sentences = [`${count(all, 'file content')} in room ${room}: ${parts.join(', ')}.`];
  if (outcomes.has('damaged'))
    sentences.push('Nothing was changed. Run the command again with --apply to have them sent again.');
  if (outcomes.has('objects-missing'))
    sentences.push(`Where nothing is in ${place}, nothing was changed. ${MISSING_ADVICE}`);
  return sentences.join(' ');
}
