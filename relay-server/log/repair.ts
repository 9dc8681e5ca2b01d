import { errorMessage } from '../../shared/lifecycle/index.ts';
import type { DamagedRow, DocumentRepairs, LostSegment } from './document-repairs.ts';
import { LogFailure } from './log-failure.ts';
import type { SegmentIndex, SegmentPointer } from './segment-index.ts';
import type { SegmentReader } from './segment-reader.ts';
import { SegmentedUpdateLog } from './segmented-update-log.ts';
import { SnapshotBuilder } from './snapshot-builder.ts';
import type { SegmentStore } from './segment-store.ts';
import { readSnapshotUpdate } from './snapshot-format.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import type { DocumentKey, DocumentRecord, SnapshotPointer, UpdateLog } from './update-log.ts';

export interface RepairServices {
  /** The log in the database; the rest of it is in segments. */
  readonly log: UpdateLog;
  readonly index: SegmentIndex;
  /** Reads from `segmentStore`. */
  readonly segments: SegmentReader;
  readonly segmentStore: SegmentStore;
  readonly snapshots: SnapshotStore;
  readonly repairs: DocumentRepairs;
  /** What is wrong with a Yjs update; undefined for a sound one. */
  readonly inspect: (payload: Uint8Array) => string | undefined;
  /** A fresh epoch. */
  readonly createEpoch: () => string;
  readonly now: () => number;
}

export interface RepairReport {
  readonly headSeq: number;
  readonly snapshot: SnapshotPointer | undefined;
  /** Why the snapshot cannot be used. */
  readonly snapshotDamage: string | undefined;
  readonly damaged: readonly DamagedRow[];
  /** Segments that cannot be read, and have not been given up before. */
  readonly lostSegments: readonly (SegmentPointer & LostSegment)[];
  /** `sound`: there was nothing to do. `damaged`: it is as it was. `repaired`: it can be used again. */
  readonly outcome: 'sound' | 'damaged' | 'repaired';
}

/** The database names objects of the document, and the stores have none of them: they are hardly the right ones. */
export interface MissingObjects {
  readonly outcome: 'objects-missing';
  readonly snapshotCount: number;
  readonly segmentCount: number;
}

export interface RepairOptions {
  readonly isApplied: boolean;
  /** Whether a document of which the stores have no object at all is examined all the same. */
  readonly givesUpMissingObjects: boolean;
}

type Findings = Omit<RepairReport, 'outcome'>;

const PAGE_BYTES = 4 * 1024 * 1024;
const ATTEMPTS = 3;

/**
 * Checks everything that the log and the snapshot store have of a document; undefined when nothing was ever written to
 * it. With `isApplied` what is damaged is put out of the way: a snapshot by reading the log in its place, updates by
 * moving them aside, segments by reading nothing in their place. Then a new epoch begins, and everybody who has the
 * content brings back what was lost. Nothing is done when all objects of the document are missing, unless they are to be
 * given up. Rejects with a `LogFailure` when the log or the store cannot be reached, or the document does not rest for
 * long enough.
 */
export async function repairDocument(
  services: RepairServices,
  key: DocumentKey,
  { isApplied, givesUpMissingObjects }: RepairOptions,
): Promise<RepairReport | MissingObjects | undefined> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const record = await services.log.readDocument(key);
    if (!record || record.headSeq === 0) return undefined;
    const missing = givesUpMissingObjects ? undefined : await findAllMissing(services, key, record);
    if (missing) return missing;
    const findings = await examine(services, key, record);
    const { snapshotDamage, damaged, lostSegments } = findings;
    if (snapshotDamage === undefined && damaged.length === 0 && lostSegments.length === 0)
      return { ...findings, outcome: 'sound' };
    if (!isApplied) return { ...findings, outcome: 'damaged' };
    const isDone = await services.repairs.apply(key, {
      fromEpoch: record.epoch,
      toEpoch: services.createEpoch(),
      droppedSnapshotId: snapshotDamage === undefined ? undefined : record.snapshot?.snapshotId,
      damaged,
      lostSegments: lostSegments.map(({ toSeq, segmentId, reason }) => ({ toSeq, segmentId, reason })),
      timeMs: services.now(),
    });
    if (isDone) return { ...findings, outcome: 'repaired' };
  }
  throw new LogFailure('busy', `The document ${key.document} in room ${key.room} changes all the time. Try again.`);
}

/** Undefined when an object of the document is there, in whatever state, or none has to be. */
async function findAllMissing(
  { index, snapshots, segmentStore }: RepairServices,
  key: DocumentKey,
  { snapshot }: DocumentRecord,
): Promise<MissingObjects | undefined> {
  const named = new Set<string>();
  let segment = await index.findAfter(key, 0);
  while (segment) {
    if (segment.damage === undefined) named.add(segment.segmentId);
    segment = await index.findAfter(key, segment.toSeq);
  }
  const segmentCount = named.size;
  if (segmentCount === 0 && !snapshot) return undefined;
  const storedSnapshots = await snapshots.list(key);
  if (storedSnapshots.some(({ snapshotId }) => snapshotId === snapshot?.snapshotId)) return undefined;
  const storedSegments = await segmentStore.list(key);
  if (storedSegments.some(({ segmentId }) => named.has(segmentId))) return undefined;
  return { outcome: 'objects-missing', snapshotCount: snapshot ? 1 : 0, segmentCount };
}

async function examine(services: RepairServices, key: DocumentKey, record: DocumentRecord): Promise<Findings> {
  const { headSeq, snapshot } = record;
  const snapshotDamage = snapshot && (await examineSnapshot(services, key, snapshot));
  const lostSegments = await findLost(services, key);
  const log = openLog(services, lostSegments);
  const reasons = new Map<number, string>();
  for await (const { seq, payload } of readRows(log, key, headSeq)) {
    const reason = payload === undefined ? 'it is missing' : services.inspect(payload);
    if (reason !== undefined) reasons.set(seq, reason);
  }
  const base = snapshotDamage === undefined ? snapshot : undefined;
  await findUnfit(services, log, key, headSeq, base, reasons);
  const damaged = [...reasons].map(([seq, reason]) => ({ seq, reason })).sort((a, b) => a.seq - b.seq);
  return { headSeq, snapshot, snapshotDamage, damaged, lostSegments };
}

async function findLost(
  { index, segments }: RepairServices,
  key: DocumentKey,
): Promise<(SegmentPointer & LostSegment)[]> {
  const lost: (SegmentPointer & LostSegment)[] = [];
  let segment = await index.findAfter(key, 0);
  while (segment) {
    try {
      if (segment.damage === undefined) await segments.read(key, segment);
    } catch (error) {
      // A store that cannot be reached says nothing about what it has.
      if (!(error instanceof LogFailure) || error.code !== 'corrupted') throw error;
      lost.push({ ...segment, reason: error.cause instanceof LogFailure ? error.cause.message : error.message });
    }
    segment = await index.findAfter(key, segment.toSeq);
  }
  return lost;
}

/** The whole log as it will be when these segments are given up. */
function openLog({ log, index, segments }: RepairServices, lost: readonly SegmentPointer[]): UpdateLog {
  const findAfter = async (key: DocumentKey, afterSeq: number) => {
    const segment = await index.findAfter(key, afterSeq);
    const isLost = lost.some(({ toSeq }) => toSeq === segment?.toSeq);
    return segment && isLost ? { ...segment, damage: 'it is given up' } : segment;
  };
  return new SegmentedUpdateLog(log, { findAfter }, segments);
}

async function examineSnapshot(
  { snapshots, inspect }: RepairServices,
  key: DocumentKey,
  { snapshotId }: SnapshotPointer,
): Promise<string | undefined> {
  try {
    const bytes = readSnapshotUpdate(await snapshots.read(key, snapshotId));
    return inspect(bytes) ?? describeMisfit(() => new SnapshotBuilder().add([bytes]));
  } catch (error) {
    // A store that cannot be reached says nothing about what it has.
    if (error instanceof LogFailure && error.code === 'corrupted') return error.message;
    throw error;
  }
}

/** Finds the updates that are well-formed, and cannot be applied to what comes before them. */
async function findUnfit(
  services: RepairServices,
  log: UpdateLog,
  key: DocumentKey,
  headSeq: number,
  base: SnapshotPointer | undefined,
  reasons: Map<number, string>,
): Promise<void> {
  let isDone = false;
  while (!isDone) {
    isDone = true;
    // After an update that could not be applied the document is of no more use.
    const builder = new SnapshotBuilder();
    if (base) builder.add([readSnapshotUpdate(await services.snapshots.read(key, base.snapshotId))]);
    for await (const { seq, payload } of readRows(log, key, headSeq, base?.seq)) {
      if (payload === undefined || reasons.has(seq)) continue;
      const misfit = describeMisfit(() => builder.add([payload]));
      if (misfit === undefined) continue;
      reasons.set(seq, misfit);
      isDone = false;
      break;
    }
  }
}

function describeMisfit(apply: () => void): string | undefined {
  try {
    apply();
    return undefined;
  } catch (error) {
    return `it cannot be applied (${errorMessage(error)})`;
  }
}

interface Row {
  readonly seq: number;
  /** Undefined when the row is missing. */
  readonly payload: Uint8Array | undefined;
}

async function* readRows(log: UpdateLog, key: DocumentKey, throughSeq: number, afterSeq = 0): AsyncGenerator<Row> {
  let reached = afterSeq;
  while (reached < throughSeq) {
    const page = await log.readUpdates(key, { afterSeq: reached, throughSeq, maxBytes: PAGE_BYTES });
    for (const { seq, payload } of page) {
      while (++reached < seq) yield { seq: reached, payload: undefined };
      yield { seq, payload };
    }
    if (page.length > 0) continue;
    while (reached < throughSeq) yield { seq: ++reached, payload: undefined };
  }
}
