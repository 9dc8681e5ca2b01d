import type { MissingObjects, RepairReport } from './log/repair.ts';
import type { DocumentKey } from './log/update-log.ts';

const LISTED = 20;

export function nameOf({ document, room }: DocumentKey): string {
  return `The document ${document} in room ${room}`;
}

/** What was found in a document and what was done, in lines for the operator. */
export function describeReport(key: DocumentKey, report: RepairReport): readonly string[] {
  const name = nameOf(key);
  const { snapshotDamage, damaged, lostSegments, outcome } = report;
  const extent = extentOf(report);
  if (outcome === 'sound') return [`${name} is sound: ${extent}.`];
  const lines = [`${name} is damaged: ${extent}.`];
  if (snapshotDamage !== undefined) lines.push(`- its snapshot: ${snapshotDamage}`);
  for (const { fromSeq, toSeq, segmentId, reason } of lostSegments.slice(0, LISTED))
    lines.push(`- the segment ${segmentId} with the updates ${fromSeq} to ${toSeq}: ${reason}`);
  if (lostSegments.length > LISTED) lines.push(`- and ${lostSegments.length - LISTED} more segments`);
  for (const { seq, reason } of damaged.slice(0, LISTED)) lines.push(`- update ${seq}: ${reason}`);
  if (damaged.length > LISTED) lines.push(`- and ${damaged.length - LISTED} more updates`);
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

/** The same in one line. */
export function summarizeReport(key: DocumentKey, report: RepairReport): string {
  const { snapshotDamage, damaged, lostSegments, outcome } = report;
  const start = `${nameOf(key)} is ${outcome}: ${extentOf(report)}`;
  if (outcome === 'sound') return `${start}.`;
  const parts = [
    ...(snapshotDamage === undefined ? [] : ['its snapshot']),
    ...(lostSegments.length === 0 ? [] : [count(lostSegments.length, 'segment')]),
    ...(damaged.length === 0 ? [] : [count(damaged.length, 'update')]),
  ];
  return `${start}; damaged: ${parts.join(', ')}.`;
}

/** What of a document nothing is in the stores, after its name. */
export function describeMissing({ snapshotCount, segmentCount }: MissingObjects, place: string): string {
  const objects = [
    ...(snapshotCount > 0 ? ['a snapshot'] : []),
    ...(segmentCount > 0 ? [segmentCount === 1 ? 'a segment' : `${segmentCount} segments`] : []),
  ].join(' and ');
  return `has ${objects} by its database, and nothing of that is in ${place}.`;
}

/** What to do about {@link describeMissing}. */
export const MISSING_ADVICE =
  'Name the bucket or the data folder that the relay is served with: --s3 URL or --data FOLDER. If it is the right one, ' +
  'and what is missing is lost for good, add --give-up-missing-objects.';

export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function extentOf({ headSeq, snapshot }: RepairReport): string {
  return `${headSeq} updates${snapshot ? `, a snapshot at ${snapshot.seq}` : ''}`;
}
