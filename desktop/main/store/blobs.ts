/** Bytes as a parameter for SQLite. Shares the memory. */
export function toBlob(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes as SQLite returned them. Shares the memory. Throws when the column holds something else. */
export function fromBlob(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!(value instanceof Uint8Array)) throw new TypeError('a column that should hold bytes does not');
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
