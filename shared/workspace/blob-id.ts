/** The content of a file that is no shared text travels in parts of this size; the last one may be smaller. */
export const BLOB_PART_BYTES = 1024 * 1024;

/** Whether it is the id of a blob: the SHA-256 of its bytes in 64 lowercase hexadecimal digits. */
export function isBlobId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/** In how many parts so many bytes travel. */
export function blobPartCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOB_PART_BYTES);
}

/** A relay can be asked for so many blobs at once. */
export const MAX_ASKED_BLOBS = 1_000;
