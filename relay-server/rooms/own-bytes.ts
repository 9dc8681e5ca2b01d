/** So much more is not worth a copy. */
const SPARE_BYTES = 1_024;

/**
 * The bytes, for whoever keeps them: copied when they are a small part of a buffer, such as of all that was read from a
 * socket at once, which they would keep in memory.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  const spareBytes = bytes.buffer.byteLength - bytes.byteLength;
  return spareBytes > Math.max(SPARE_BYTES, bytes.byteLength) ? new Uint8Array(bytes) : bytes;
}
