import { LogFailure } from './log-failure.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { decodeSnapshot, readSnapshotUpdate } from './snapshot-format.ts';
import { SnapshotFailure } from './snapshot-thread.ts';
import type { DocumentKey, DocumentRecord, SnapshotPointer, UpdateLog } from './update-log.ts';

/** Makes one snapshot of a document's updates, which come in pages. Rejects soon, and ends its work, when `signal` aborts. */
export type CreateSnapshot = (pages: AsyncIterable<readonly Uint8Array[]>, signal: AbortSignal) => Promise<Uint8Array>;

export interface CompactionSource {
  readonly log: UpdateLog;
  readonly snapshots: SnapshotStore;
}

export type CompactionResult =
  | { readonly kind: 'moved'; readonly pointer: SnapshotPointer }
  /** Another process has moved the pointer meanwhile. */
  | { readonly kind: 'overtaken' };

/** Small, since appends may wait while one is read. */
const PAGE_ROWS = 1_000;
const PAGE_BYTES = 1024 * 1024;

/**
 * Makes a snapshot of the document as `record` describes it and points to it, unless another process has pointed
 * elsewhere meanwhile. The object is durable before anything points to it. Rejects with a `LogFailure` or a
 * `SnapshotFailure`, and with the signal's reason.
 */
export async function compactDocument(
  source: CompactionSource,
  key: DocumentKey,
  record: DocumentRecord,
  createSnapshot: CreateSnapshot,
  signal: AbortSignal,
): Promise<CompactionResult> {
  const bytes = await createFrom(source, key, record, createSnapshot, signal);
  signal.throwIfAborted();
  const seq = record.headSeq;
  const snapshotId = await source.snapshots.write(key, seq, bytes);
  signal.throwIfAborted();
  const byteLength = decodeSnapshot(bytes)?.updateByteLength ?? bytes.byteLength;
  const pointer = { seq, snapshotId, byteLength };
  const isMoved = await source.log.setSnapshot(key, pointer, record.snapshot?.snapshotId);
  return isMoved ? { kind: 'moved', pointer } : { kind: 'overtaken' };
}

async function createFrom(
  source: CompactionSource,
  key: DocumentKey,
  record: DocumentRecord,
  createSnapshot: CreateSnapshot,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await createSnapshot(readParts(source, key, record), signal);
  } catch (error) {
    if (!(error instanceof SnapshotFailure) || error.partIndex === undefined) throw error;
    const seq = (record.snapshot?.seq ?? 0) + error.partIndex + (record.snapshot ? 0 : 1);
    const part = record.snapshot && error.partIndex === 0 ? `snapshot ${record.snapshot.snapshotId}` : `update ${seq}`;
    throw new SnapshotFailure(`${error.message} It is the ${part}.`, { cause: error });
  }
}

/**
 * Everything that the log has of the document, its snapshot first, in pages. Rejects with a `LogFailure`, also when
 * something is missing.
 */
export async function* readParts(
  { log, snapshots }: CompactionSource,
  key: DocumentKey,
  { snapshot, headSeq }: DocumentRecord,
): AsyncGenerator<readonly Uint8Array[]> {
  if (snapshot) yield [readSnapshotUpdate(await snapshots.read(key, snapshot.snapshotId))];
  let reached = snapshot?.seq ?? 0;
  while (reached < headSeq) {
    const throughSeq = Math.min(headSeq, reached + PAGE_ROWS);
    const page = await log.readUpdates(key, { afterSeq: reached, throughSeq, maxBytes: PAGE_BYTES, isPatient: true });
    const parts = page.map(({ seq, payload }) => {
      if (seq !== ++reached) throw missing(key, reached);
      return payload;
    });
    if (parts.length === 0) throw missing(key, reached + 1);
    yield parts;
  }
}

// A snapshot over a gap would hide that something is lost.
function missing({ document }: DocumentKey, seq: number): LogFailure {
  return new LogFailure('corrupted', `Update ${seq} of the document ${document} is missing from the log.`);
}
