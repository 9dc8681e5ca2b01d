import * as Y from 'yjs';
import { PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';
import { mergeUpdates } from '../../shared/sync/merge-updates.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { SnapshotStore } from '../log/snapshot-store.ts';
import type { DocumentKey, DocumentRecord, LoggedUpdate, UpdateLog } from '../log/update-log.ts';
import { SyncPart } from './sync-part.ts';

const PAGE_BYTES = 4 * 1024 * 1024;
/** Few, since a database in this process holds everybody up while it reads them, however small they are. */
const PAGE_ROWS = 1_000;
const MAX_DIFF_BYTES = 4 * 1024 * 1024;
/** What fits into one message, with room for the fields around it. */
const MAX_SNAPSHOT_BYTES = PROTOCOL_LIMITS.maxMessageBytes - 64 * 1024;
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
    const pageEnd = Math.min(throughSeq, reached + PAGE_ROWS);
    const page = await log.readUpdates(key, { afterSeq: reached, throughSeq: pageEnd, maxBytes: PAGE_BYTES });
    for (const { seq } of page) {
      if (seq !== ++reached) throw missing(key, reached);
    }
    if (page.length === 0) throw missing(key, reached + 1);
    yield page;
  }
}

/** The newest snapshot. */
export async function readSnapshot(source: CommittedSource, key: DocumentKey, record: DocumentRecord) {
  if (!record.snapshot) return undefined;
  try {
    return { seq: record.snapshot.seq, part: await readPart(source, key, record.snapshot.snapshotId) };
  } catch (error) {
    // A compaction may have replaced it since the record was read.
    const fresh = await source.log.readDocument(key);
    if (!fresh?.snapshot || fresh.snapshot.snapshotId === record.snapshot.snapshotId) throw error;
    return { seq: fresh.snapshot.seq, part: await readPart(source, key, fresh.snapshot.snapshotId) };
  }
}

async function readPart({ snapshots }: CommittedSource, key: DocumentKey, snapshotId: string): Promise<SyncPart> {
  return SyncPart.ofSnapshot(await snapshots.read(key, snapshotId));
}

/** What a client has of a document, by its own account. */
export interface ClientHas {
  readonly epoch: string;
  readonly afterSeq: number;
  readonly stateVector: Uint8Array;
}

/** Which part of a document a client is sent. */
export type Lacking =
  /** What came after `afterSeq`. */
  | { readonly kind: 'tail'; readonly afterSeq: number }
  | { readonly kind: 'everything' }
  /** What the state vector lacks. */
  | { readonly kind: 'difference'; readonly stateVector: Uint8Array };

/** Says what a client lacks of a document that has everything `through` (SPEC SY2). */
export function judgeLacking(through: { readonly epoch: string; readonly seq: number }, client: ClientHas): Lacking {
  const behind = client.epoch === through.epoch ? through.seq - client.afterSeq : -1;
  if (behind >= 0 && behind <= MAX_TAIL_UPDATES) return { kind: 'tail', afterSeq: client.afterSeq };
  return lackingByStateVector(client);
}

/** The same for a client whose cursor is not to be trusted. */
export function lackingByStateVector({ stateVector }: ClientHas): Lacking {
  return stateVector.byteLength <= 1 ? { kind: 'everything' } : { kind: 'difference', stateVector };
}

/** Reads what a client lacks of what is committed through `throughSeq`, in parts that are applied one after the other. */
export async function readLacking(
  source: CommittedSource,
  key: DocumentKey,
  throughSeq: number,
  lacking: Lacking,
): Promise<readonly SyncPart[]> {
  if (lacking.kind === 'tail') return readTail(source, key, lacking.afterSeq, throughSeq);
  const record = await source.log.readDocument(key);
  if (!record) return [];
  // What is too large for one message is read from the log, which has all of it in smaller pieces.
  const isSendable = (record.snapshot?.byteLength ?? 0) <= MAX_SNAPSHOT_BYTES;
  const snapshot = isSendable ? await readSnapshot(source, key, record) : undefined;
  const tail = await readTail(source, key, snapshot?.seq ?? 0, throughSeq);
  const parts = snapshot ? [snapshot.part, ...tail] : tail;
  const byteLength = parts.reduce((sum, part) => sum + part.byteLength, 0);
  if (lacking.kind === 'everything' || parts.length === 0 || byteLength > MAX_DIFF_BYTES) return parts;
  const whole = mergeUpdates(parts.map(({ update }) => update));
  return [SyncPart.ofUpdate(Y.diffUpdate(whole, lacking.stateVector))];
}

async function readTail(source: CommittedSource, key: DocumentKey, afterSeq: number, throughSeq: number) {
  const parts: SyncPart[] = [];
  for await (const page of readPages(source, key, afterSeq, throughSeq)) {
    parts.push(SyncPart.ofUpdate(mergeUpdates(page.map(({ payload }) => payload))));
  }
  return parts;
}

function missing({ document }: DocumentKey, seq: number): LogFailure {
  return new LogFailure('corrupted', `Update ${seq} of the document ${document} is missing from the log.`);
}
