import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 1024 * 1024;

/** What an open file has, up to the size that it had at a look: whatever is appended meanwhile, reading comes to an end. */
export class LateContent {
  private readonly file: FileHandle;
  readonly sizeBytes: number;
  /** Nobody looks at the file any more afterwards, also if it is still being written. */
  readonly isFinal: boolean;

  /** `file` stays the caller's, who keeps it open meanwhile. */
  constructor(file: FileHandle, sizeBytes: number, isFinal: boolean) {
    this.file = file;
    this.sizeBytes = sizeBytes;
    this.isFinal = isFinal;
  }

  /** All of it in memory. Rejects with the error of the system. */
  async read(): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(this.sizeBytes);
    let end = 0;
    for await (const chunk of this.chunks()) {
      bytes.set(chunk, end);
      end += chunk.length;
    }
    return bytes.subarray(0, end);
  }

  /** In pieces that are the caller's; one at a time is in memory. Rejects as {@link read} does. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let offset = 0; offset < this.sizeBytes;) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, this.sizeBytes - offset));
      const { bytesRead } = await this.file.read(buffer, 0, buffer.length, offset);
      // It was made shorter meanwhile.
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      offset += bytesRead;
    }
  }
}
