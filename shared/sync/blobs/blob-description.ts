import { BLOB_PART_BYTES, blobPartCount, isBlobId } from '../../workspace/index.ts';

export interface DescribedPart {
  /** From 0. */
  readonly part: number;
  readonly sha256: string;
}

/** What a relay has of a blob. */
export type BlobDescription =
  /** Its parts are in their order, and all there are. */
  | { readonly state: 'complete'; readonly sizeBytes: number; readonly parts: readonly DescribedPart[] }
  | { readonly state: 'uploading'; readonly parts: readonly DescribedPart[] };

/** Undefined for what no relay says. */
export function readDescription(body: unknown): BlobDescription | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const state: unknown = Reflect.get(body, 'state');
  const sizeBytes: unknown = Reflect.get(body, 'sizeBytes');
  const listed: unknown = Reflect.get(body, 'parts');
  if (!Array.isArray(listed)) return undefined;
  const parts = listed.flatMap((entry: unknown) => readPart(entry));
  if (parts.length !== listed.length) return undefined;
  if (state === 'uploading') return { state, parts };
  if (state !== 'complete' || typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
    return undefined;
  const isWhole = parts.length === blobPartCount(sizeBytes) && parts.every(({ part }, position) => part === position);
  return isWhole ? { state, sizeBytes, parts } : undefined;
}

/** Which parts a relay says to lack, when it refuses to make a blob whole; empty when it does not say. */
export function readMissing(body: unknown): readonly number[] {
  const missing: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'missing') : undefined;
  return Array.isArray(missing) ? missing.filter((part) => Number.isSafeInteger(part)).map(Number) : [];
}

/** How many bytes a part of a blob of this size has. */
export function partSize(part: number, sizeBytes: number): number {
  return Math.min(BLOB_PART_BYTES, sizeBytes - part * BLOB_PART_BYTES);
}

function readPart(entry: unknown): DescribedPart[] {
  if (typeof entry !== 'object' || entry === null) return [];
  const part: unknown = Reflect.get(entry, 'part');
  const sha256: unknown = Reflect.get(entry, 'sha256');
  return typeof part === 'number' && Number.isSafeInteger(part) && part >= 0 && isBlobId(sha256)
    ? [{ part, sha256 }]
    : [];
}
