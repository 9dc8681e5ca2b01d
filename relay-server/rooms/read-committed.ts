import * as Y from 'yjs';
import { mergeUpdates } from '../../shared/sync/merge-updates.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { SnapshotStore } from '../log/snapshot-store.ts';
import type { DocumentKey, DocumentRecord, LoggedUpdate, UpdateLog } from '../log/update-log.ts';

const PAGE_BYTES = 4 * 1024 * 1024;
const MAX_DIFF_BYTES = 4 * 1024 * 1024;
/** A client that is further behind is better served from a snapshot. */
const MAX_TAIL_UPDATES = 2_000;

export interface CommittedSource {
  readonly log: UpdateLog;
  readonly snapshots: SnapshotStore;
}

/** Reads a document's updates after `afterSeq` through `throughSeq`, in pages. Throws a LogFailure when one is missing. */
export async function* readPages(
  { log }: CommittedSource,
  key: DocumentKey,
  afterSeq: number,
  throughSeq: number,
): AsyncGenerator<readonly LoggedUpdate[]> {
  let reached = afterSeq;
  while (reached < throughSeq) {
    const page = await log.readUpdates(key, { afterSeq: reached, throughSeq, maxBytes: PAGE_BYTES });
    for (const { seq } of page) {
      if (seq !== ++reached) throw missing(key, reached);
    }
    if (page.length === 0) throw missing(key, reached + 1);
    yield page;
  }
}

/** The bytes of the newest snapshot. */
export async function readSnapshot(source: CommittedSource, key: DocumentKey, record: DocumentRecord) {
  if (!record.snapshot) return undefined;
  try {
    const bytes = await source.snapshots.read(key, record.snapshot.snapshotId);
    return { seq: record.snapshot.seq, bytes };
  } catch (error) {
    // A compaction may have replaced it since the record was read.
    const fresh = await source.log.readDocument(key);
    if (!fresh?.snapshot || fresh.snapshot.snapshotId === record.snapshot.snapshotId) throw error;
    return { seq: fresh.snapshot.seq, bytes: await source.snapshots.read(key, fresh.snapshot.snapshotId) };
  }
}

/** What a client has of a document, by its own account. */
export interface ClientHas {
  readonly epoch: string;
  readonly afterSeq: number;
  readonly stateVector: Uint8Array;
}

/** What a client lacks, in parts that can be applied one after the other (SPEC SY2). */
export async function readLacking(
  source: CommittedSource,
  key: DocumentKey,
  through: { readonly epoch: string; readonly seq: number },
  client: ClientHas,
): Promise<Uint8Array[]> {
  const behind = client.epoch === through.epoch ? through.seq - client.afterSeq : -1;
  if (behind >= 0 && behind <= MAX_TAIL_UPDATES) return readTail(source, key, client.afterSeq, through.seq);
  const record = await source.log.readDocument(key);
  if (!record) return [];
  const snapshot = await readSnapshot(source, key, record);
  const afterSeq = snapshot?.seq ?? 0;
  const tail = await readTail(source, key, afterSeq, through.seq);
  const parts = snapshot ? [snapshot.bytes, ...tail] : tail;
  const byteLength = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const hasNothing = client.stateVector.byteLength <= 1;
  if (hasNothing || parts.length === 0 || byteLength > MAX_DIFF_BYTES) return parts;
  return [Y.diffUpdate(mergeUpdates(parts), client.stateVector)];
}

async function readTail(source: CommittedSource, key: DocumentKey, afterSeq: number, throughSeq: number) {
  const parts: Uint8Array[] = [];
  for await (const page of readPages(source, key, afterSeq, throughSeq)) {
    parts.push(mergeUpdates(page.map(({ payload }) => payload)));
  }
  return parts;
}

function missing({ document }: DocumentKey, seq: number): LogFailure {
  return new LogFailure('corrupted', `Update ${seq} of the document ${document} is missing from the log.`);
}
