import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** So much of a file is in memory at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** The bytes of an open file from its beginning, in pieces that are the caller's. Rejects with the error of the system. */
export async function* readChunks(file: FileHandle): AsyncGenerator<Uint8Array, void, undefined> {
  for (let offset = 0; ;) {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, offset);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    offset += bytesRead;
  }
}

/** SHA-256 in lowercase hexadecimal digits, and the size, of all that comes; whatever its size, memory stays flat. */
export async function hashChunks(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

/** SHA-256 of an open file in lowercase hexadecimal digits. Rejects with the error of the system. */
export async function hashFile(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const { size } = await file.stat();
  // Most files are small. One more byte than there are tells whether it grows.
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size + 1));
  for (let offset = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    offset += bytesRead;
  }
}
