import type { AbandonedPart, BlobKey, BlobPart, BlobRecord } from './blob-index.ts';

export type BlobParameters = readonly [tenant: string, room: string, blob: string];

export interface BlobRow {
  readonly size_bytes: number | null;
  readonly completed_at_ms: number | null;
}

export interface BlobPartRow {
  readonly part: number;
  readonly part_sha256: string;
  readonly size_bytes: number;
}

export interface AbandonedPartRow extends BlobPartRow {
  readonly tenant: string;
  readonly room: string;
  readonly sha256: string;
}

export const ABANDONED_AT_A_TIME = 100;
/** Twice as many as a blob has at most. Whoever sends the same part in thousands of variants must not fill memory. */
export const LISTED_PARTS = 8_192;

export function blobParametersOf({ tenant, room, blob }: BlobKey): [string, string, string] {
  return [tenant, room, blob];
}

export function toBlobPart({ part, part_sha256: sha256, size_bytes: sizeBytes }: BlobPartRow): BlobPart {
  return { part, sha256, sizeBytes };
}

/** `parts`: those of a complete blob, or those that are stored. */
export function toBlobRecord(blob: BlobRow, parts: readonly BlobPartRow[]): BlobRecord {
  const { size_bytes: sizeBytes, completed_at_ms: completedAtMs } = blob;
  if (completedAtMs === null || sizeBytes === null) return { state: 'uploading', parts: parts.map(toBlobPart) };
  return { state: 'complete', sizeBytes, parts: parts.map(toBlobPart) };
}

export function toAbandonedPart(row: AbandonedPartRow): AbandonedPart {
  const { tenant, room, sha256: blob } = row;
  return { key: { tenant, room, blob }, part: toBlobPart(row) };
}
