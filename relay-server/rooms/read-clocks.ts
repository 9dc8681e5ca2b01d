import { LogFailure } from '../log/log-failure.ts';
import { repairCommand } from '../log/repair-command-line.ts';
import type { DocumentKey, DocumentRecord, LoggedUpdate } from '../log/update-log.ts';
import { type ClockRange, inspectUpdate } from './inspect-update.ts';
import type { KnownClocks } from './known-clocks.ts';
import { type CommittedSource, readPages, readSnapshot } from './read-committed.ts';

/** How much of a document lies beyond its snapshot. */
interface Tail {
  readonly updates: number;
  readonly byteLength: number;
}

/** Adds everything that the log has of the document. Rejects with a {@link LogFailure} when a part of it is damaged. */
export async function readClocks(
  source: CommittedSource,
  key: DocumentKey,
  record: DocumentRecord,
  clocks: KnownClocks,
): Promise<Tail> {
  const snapshot = await readSnapshot(source, key, record);
  if (snapshot) addRanges(clocks, key, snapshot.part.ranges, `snapshot at ${snapshot.seq}`);
  const fromSeq = snapshot?.seq ?? 0;
  let byteLength = 0;
  for await (const page of readPages(source, key, fromSeq, record.headSeq)) byteLength += addClocks(clocks, key, page);
  return { updates: Math.max(0, record.headSeq - fromSeq), byteLength };
}

/** Adds what these rows of the log bring; gives their size in bytes. Throws a {@link LogFailure} for a damaged one. */
export function addClocks(clocks: KnownClocks, key: DocumentKey, updates: readonly LoggedUpdate[]): number {
  let byteLength = 0;
  for (const { seq, payload } of updates) {
    const inspection = inspectUpdate(payload);
    const ranges = inspection.kind === 'sound' ? inspection.ranges : undefined;
    addRanges(clocks, key, ranges, `update ${seq}`);
    byteLength += payload.byteLength;
  }
  return byteLength;
}

function addRanges(
  clocks: KnownClocks,
  key: DocumentKey,
  ranges: readonly ClockRange[] | undefined,
  what: string,
): void {
  if (!ranges) {
    const where = `the document ${key.document} in room ${key.room}`;
    const explanation = `The ${what} of ${where} is damaged. The command "${repairCommand(key)}" helps.`;
    throw new LogFailure('corrupted', explanation);
  }
  clocks.add(ranges);
}
