import { createHash } from 'node:crypto';

/** SHA-256 of `bytes` in hexadecimal digits. */
export function contentHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whether the id of a stored object, which ends in `-SHA256`, was made from these bytes. */
export function isNamedAfter(objectId: string, bytes: Uint8Array): boolean {
  return objectId.endsWith(`-${contentHash(bytes)}`);
}
