import { LogFailure } from '../log/log-failure.ts';
import { repairCommand } from '../log/repair-command-line.ts';
import type { DocumentKey, DocumentRecord, LoggedUpdate } from '../log/update-log.ts';
import { inspectUpdate } from './inspect-update.ts';
import type { KnownClocks } from './known-clocks.ts';
import type { NestedTypes } from './nested-types.ts';
import { type CommittedSource, readPages, readSnapshot } from './read-committed.ts';
import type { SyncPart } from './sync-part.ts';

/** How much of a document lies beyond its snapshot. */
interface Tail {
  readonly updates: number;
  readonly byteLength: number;
}

/** Adds everything that the log has of the document to both. Rejects with a {@link LogFailure} when a part of it is damaged. */
export async function readClocks(
  source: CommittedSource,
  key: DocumentKey,
  record: DocumentRecord,
  clocks: KnownClocks,
  nesting: NestedTypes,
): Promise<Tail> {
  const snapshot = await readSnapshot(source, key, record);
  if (snapshot) await addSnapshot(key, snapshot, clocks, nesting);
  const fromSeq = snapshot?.seq ?? 0;
  let byteLength = 0;
  for await (const page of readPages(source, key, fromSeq, record.headSeq))
    byteLength += addClocks(key, page, clocks, nesting);
  return { updates: Math.max(0, record.headSeq - fromSeq), byteLength };
}

async function addSnapshot(
  key: DocumentKey,
  { seq, part }: { readonly seq: number; readonly part: SyncPart },
  clocks: KnownClocks,
  nesting: NestedTypes,
): Promise<void> {
  const what = `snapshot at ${seq}`;
  const { ranges } = part;
  if (!ranges) throw damaged(key, what);
  const update = await part.inflate();
  try {
    await nesting.addSnapshot(update, ranges);
  } catch (error) {
    throw damaged(key, what, error);
  }
  clocks.add(ranges);
}

/**
 * Adds what these rows of the log bring to both; gives their size in bytes. Throws a {@link LogFailure} for a damaged
 * one.
 */
export function addClocks(
  key: DocumentKey,
  updates: readonly LoggedUpdate[],
  clocks: KnownClocks,
  nesting: NestedTypes,
): number {
  let byteLength = 0;
  for (const { seq, payload } of updates) {
    const inspection = inspectUpdate(payload);
    if (inspection.kind === 'malformed') throw damaged(key, `update ${seq}`);
    nesting.add(payload);
    clocks.add(inspection.ranges);
    byteLength += payload.byteLength;
  }
  return byteLength;
}

function damaged(key: DocumentKey, what: string, cause?: unknown): LogFailure {
  const where = `the document ${key.document} in room ${key.room}`;
  const explanation = `The ${what} of ${where} is damaged. The command "${repairCommand(key)}" helps.`;
  return new LogFailure('corrupted', explanation, { cause });
}
