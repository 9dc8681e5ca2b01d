import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { LogFailure } from './log-failure.ts';
import { encodeSegment } from './segment-format.ts';
import { segmentIds } from './segment-id.ts';
import type { ArchiveCandidate, NewSegment, SegmentIndex } from './segment-index.ts';
import type { SegmentStore } from './segment-store.ts';
import type { DocumentKey, LoggedUpdate, UpdateLog } from './update-log.ts';

export interface ArchiveServices {
  /** The log in the database. */
  readonly log: UpdateLog;
  readonly index: SegmentIndex;
  readonly store: SegmentStore;
  readonly scheduler: Scheduler;
  /** Whether objects may be removed now; when left out, they always may. */
  readonly mayRemove?: () => boolean;
}

export interface SegmentLimits {
  readonly maxUpdates: number;
  /** A segment ends with the update that reaches this size. */
  readonly maxBytes: number;
}

/** `overtaken`: another process has archived these updates, or the document has changed. Nothing is lost by it. */
export type ArchiveResult = 'archived' | 'overtaken';

/** Small, since a database in this process holds everybody up while it reads one. */
const PAGE_UPDATES = 250;
const PAGE_BYTES = 256 * 1024;

/**
 * Moves the first updates of the candidate from the database into a segment. The object is durable, and was read back,
 * before the rows go; an object that was not needed is removed. Rejects with a {@link LogFailure}, and with the signal's
 * reason; whatever it leaves behind then, the index knows of it.
 */
export async function archiveSegment(
  { log, index, store, scheduler, mayRemove }: ArchiveServices,
  candidate: ArchiveCandidate,
  limits: SegmentLimits,
  signal: AbortSignal,
): Promise<ArchiveResult> {
  const { key, epoch, fromSeq } = candidate;
  const updates = await readUpdates(log, candidate, limits, signal);
  const toSeq = fromSeq + updates.length - 1;
  if (updates.length === 0 || updates.at(-1)?.seq !== toSeq) {
    if (await isArchived(index, key, fromSeq)) return 'overtaken';
    throw missing(key, updates);
  }
  const bytes = await encodeSegment(key, epoch, updates);
  const segment: NewSegment = {
    fromSeq,
    toSeq,
    epoch,
    segmentId: segmentIds.of({ fromSeq, toSeq }, bytes),
    byteLength: bytes.byteLength,
  };
  signal.throwIfAborted();
  if (!(await index.beginUpload(key, segment.segmentId, scheduler.now()))) return 'overtaken';
  signal.throwIfAborted();
  await writeDurably(store, key, segment, bytes);
  signal.throwIfAborted();
  if (await index.commit(key, segment)) return 'archived';
  // The index knows of it, for later. A copy of the database may have committed the same object.
  if (mayRemove?.() === false) return 'overtaken';
  // Nobody else knows of this object, and nobody can commit it any more.
  await store.remove(key, segment.segmentId);
  await index.forgetUpload({ key, segmentId: segment.segmentId });
  return 'overtaken';
}

async function readUpdates(
  log: UpdateLog,
  { key, fromSeq, throughSeq }: ArchiveCandidate,
  { maxUpdates, maxBytes }: SegmentLimits,
  signal: AbortSignal,
): Promise<readonly LoggedUpdate[]> {
  const lastSeq = Math.min(throughSeq, fromSeq + maxUpdates - 1);
  const updates: LoggedUpdate[] = [];
  let bytesLeft = maxBytes;
  let reached = fromSeq - 1;
  while (reached < lastSeq && bytesLeft > 0) {
    const pageEnd = Math.min(lastSeq, reached + PAGE_UPDATES);
    const range = {
      afterSeq: reached,
      throughSeq: pageEnd,
      maxBytes: Math.min(PAGE_BYTES, bytesLeft),
      isPatient: true,
    };
    const page = await log.readUpdates(key, range);
    updates.push(...page);
    for (const { payload } of page) bytesLeft -= payload.byteLength;
    reached = updates.at(-1)?.seq ?? reached;
    if (page.length === 0) break;
    // Keystrokes go first.
    await new Promise(setImmediate);
    signal.throwIfAborted();
  }
  return updates;
}

async function writeDurably(store: SegmentStore, key: DocumentKey, segment: NewSegment, bytes: Uint8Array) {
  const { segmentId } = segment;
  await store.write(key, segment, bytes);
  try {
    await store.read(key, segmentId);
  } catch (error) {
    if (!(error instanceof LogFailure) || error.code !== 'corrupted') throw error;
    // The document is fine, and the store is not, or another process took this one for dead.
    throw new LogFailure('busy', `A segment was written and cannot be read back. ${error.message}`, {
      cause: error,
    });
  }
}

async function isArchived(index: SegmentIndex, key: DocumentKey, seq: number): Promise<boolean> {
  const segment = await index.findAfter(key, seq - 1);
  return segment !== undefined && segment.fromSeq <= seq;
}

function missing({ document, room }: DocumentKey, updates: readonly LoggedUpdate[]): LogFailure {
  const where = updates.length === 0 ? 'the first of its updates' : `an update before number ${updates.at(-1)?.seq}`;
  return new LogFailure('corrupted', `${where} is missing from the log of the document ${document} in room ${room}.`);
}
