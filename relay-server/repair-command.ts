import { systemScheduler } from '../shared/lifecycle/index.ts';
import { OperatorError } from './data-folder.ts';
import { type MissingObjects, repairDocument, type RepairReport } from './log/repair.ts';
import type { RelayStorage } from './log/relay-storage.ts';
import { SegmentReader } from './log/segment-reader.ts';
import type { SegmentStore } from './log/segment-store.ts';
import type { SnapshotStore } from './log/snapshot-store.ts';
import type { DocumentKey } from './log/update-log.ts';
import { inspectUpdate } from './rooms/inspect-update.ts';

export interface RepairCommandResult {
  /** Lines for the operator. */
  readonly text: string;
  /** Whether the document can be used. */
  readonly isUsable: boolean;
}

const LISTED_UPDATES = 20;

export interface RepairCommandOptions {
  readonly storage: RelayStorage;
  readonly snapshots: SnapshotStore;
  readonly segmentStore: SegmentStore;
  /** Where these two are, for the operator. */
  readonly place: string;
  readonly key: DocumentKey;
  /** Whether it is repaired; it is only checked else. */
  readonly isApplied: boolean;
  /** Whether objects are given up of which the stores have none at all. */
  readonly givesUpMissingObjects: boolean;
}

/**
 * Checks a document, and repairs it when asked to, beside a running relay or without one. Rejects with a `LogFailure`,
 * and with an {@link OperatorError} when the stores seem to be the wrong ones.
 */
export async function runRepair(options: RepairCommandOptions): Promise<RepairCommandResult> {
  const { storage, snapshots, segmentStore, place, key, isApplied, givesUpMissingObjects } = options;
  const segments = new SegmentReader(segmentStore, systemScheduler);
  const services = {
    log: storage.log,
    index: storage.segments,
    segments,
    segmentStore,
    repairs: storage.repairs,
    snapshots,
    inspect: explainMalformed,
    createEpoch: () => `repaired-${crypto.randomUUID()}`,
    now: () => systemScheduler.now(),
  };
  try {
    const report = await repairDocument(services, key, { isApplied, givesUpMissingObjects });
    const name = `The document ${key.document} in room ${key.room}`;
    if (report?.outcome === 'objects-missing') throw wrongStore(name, report, place);
    if (!report) return { text: `${name} was never written to. Check the names.\n`, isUsable: false };
    return { text: `${describe(name, report).join('\n')}\n`, isUsable: report.outcome !== 'damaged' };
  } finally {
    segments.dispose();
  }
}

function explainMalformed(payload: Uint8Array): string | undefined {
  const inspection = inspectUpdate(payload);
  return inspection.kind === 'malformed' ? inspection.explanation : undefined;
}

function wrongStore(name: string, { snapshotCount, segmentCount }: MissingObjects, place: string): OperatorError {
  const objects = [
    ...(snapshotCount > 0 ? ['a snapshot'] : []),
    ...(segmentCount > 0 ? [segmentCount === 1 ? 'a segment' : `${segmentCount} segments`] : []),
  ].join(' and ');
  return new OperatorError(
    `${name} has ${objects} by its database, and nothing of that is in ${place}. Nothing was changed. Name the bucket ` +
      'or the data folder that the relay is served with: --s3 URL or --data FOLDER. If it is the right one, and what ' +
      'is missing is lost for good, add --give-up-missing-objects.',
  );
}

function describe(name: string, report: RepairReport): string[] {
  const { headSeq, snapshot, snapshotDamage, damaged, lostSegments, outcome } = report;
  const extent = `${headSeq} updates${snapshot ? `, a snapshot at ${snapshot.seq}` : ''}`;
  if (outcome === 'sound') return [`${name} is sound: ${extent}.`];
  const lines = [`${name} is damaged: ${extent}.`];
  if (snapshotDamage !== undefined) lines.push(`- its snapshot: ${snapshotDamage}`);
  for (const { fromSeq, toSeq, segmentId, reason } of lostSegments.slice(0, LISTED_UPDATES))
    lines.push(`- the segment ${segmentId} with the updates ${fromSeq} to ${toSeq}: ${reason}`);
  if (lostSegments.length > LISTED_UPDATES) lines.push(`- and ${lostSegments.length - LISTED_UPDATES} more segments`);
  for (const { seq, reason } of damaged.slice(0, LISTED_UPDATES)) lines.push(`- update ${seq}: ${reason}`);
  if (damaged.length > LISTED_UPDATES) lines.push(`- and ${damaged.length - LISTED_UPDATES} more updates`);
  if (outcome === 'damaged') return [...lines, 'Nothing was changed. Run the command again with --apply to repair it.'];
  if (damaged.length > 0) lines.push('The damaged updates were moved to the table damaged_updates.');
  if (lostSegments.length > 0)
    lines.push('The damaged segments are no longer read; their objects were left where they are.');
  if (snapshotDamage !== undefined) {
    const rest = lostSegments.length > 0 ? 'the document is what is left of the log' : 'the log has everything';
    lines.push(`The snapshot is no longer used; ${rest}.`);
  }
  lines.push('It can be used again. Everybody who still has the content brings back what was lost when they open it.');
  return lines;
}
