import { createHash } from 'node:crypto';
import { constants, existsSync, mkdirSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobSink, BlobSource, DescribedPart } from '../../../shared/sync/blobs/index.ts';
import { hashBytes } from '../workspace/text-format.ts';
import { hashChunks, hashFile, readChunks } from './hash-file.ts';

/** Ends the folder of one room's contents, beside the room's database. */
export const BLOBS_SUFFIX = '.blobs';
const PARTIAL_SUFFIX = '.part';

/** An open content. */
export interface OpenBlob extends BlobSource {
  close(): Promise<void>;
}

/** What a content is fetched into; it is in the cache only once it was kept. */
export interface PartialBlob extends BlobSink {
  /** What came is the content, by its hash. Resolves when it is safe from the end of the process. */
  keep(): Promise<void>;
  /** What came stays for the next try. */
  close(): Promise<void>;
  /** What came is of no use. */
  discard(): Promise<void>;
}

/**
 * Contents of one room's files on this device, each under its hash. One is there as a whole or not at all; any may go when
 * space is needed, but for those that are in use.
 */
export class BlobCache {
  readonly folder: string;
  private readonly used = new Map<string, number>();

  /** Nothing is made before it is needed. */
  constructor(folder: string) {
    this.folder = folder;
  }

  has(blob: string): boolean {
    return existsSync(this.pathOf(blob));
  }

  /** Keeps a content from being dropped until the result is called. */
  use(blob: string): () => void {
    this.used.set(blob, (this.used.get(blob) ?? 0) + 1);
    return () => {
      const left = (this.used.get(blob) ?? 1) - 1;
      if (left > 0) this.used.set(blob, left);
      else this.used.delete(blob);
    };
  }

  isUsed(blob: string): boolean {
    return this.used.has(blob);
  }

  /** Rejects with the error of the system. */
  async open(blob: string): Promise<OpenBlob> {
    const path = this.pathOf(blob);
    const file = await open(path, constants.O_RDONLY);
    await noteUse(path);
    const { size } = await file.stat();
    return {
      sizeBytes: size,
      read: (offset, byteLength) => readAt(file, offset, byteLength),
      close: () => file.close(),
    };
  }

  /** A content in pieces. Rejects with the error of the system, and at its end when it is damaged: it is dropped then. */
  async *read(blob: string): AsyncGenerator<Uint8Array, void, undefined> {
    const release = this.use(blob);
    const path = this.pathOf(blob);
    const file = await open(path, constants.O_RDONLY).catch((error: unknown) => {
      release();
      throw error;
    });
    try {
      await noteUse(path);
      const hash = createHash('sha256');
      for await (const piece of readChunks(file)) {
        hash.update(piece);
        yield piece;
      }
      if (hash.digest('hex') === blob) return;
      await rm(path, { force: true });
      throw new Error('The copy of the file on this device was damaged. It is fetched again.');
    } finally {
      await file.close();
      release();
    }
  }

  /**
   * Copies what is in an open file, when that is the content. Resolves to whether it is in the cache. Rejects with the
   * error of the system.
   */
  async take(blob: string, source: FileHandle): Promise<boolean> {
    if (this.has(blob)) return true;
    const partial = await this.openPartial(blob);
    try {
      const { sha256 } = await hashChunks(copyTo(partial, readChunks(source)));
      if (sha256 !== blob) return false;
      await this.keep(blob, partial);
      return true;
    } finally {
      await partial.close();
      await rm(this.partialPathOf(blob), { force: true });
    }
  }

  /** Begins to fetch a content, or goes on where an earlier try ended. Rejects with the error of the system. */
  async begin(blob: string): Promise<PartialBlob> {
    const path = this.partialPathOf(blob);
    const hasMore = existsSync(path);
    const file = await this.openPartial(blob);
    return {
      async begin(sizeBytes) {
        await file.truncate(sizeBytes);
        return undefined;
      },
      async has({ sha256 }: DescribedPart, offset, byteLength) {
        return hasMore && hashBytes(await readAt(file, offset, byteLength)) === sha256;
      },
      async write(offset, bytes) {
        await file.write(bytes, 0, bytes.byteLength, offset);
      },
      hash: () => hashFile(file),
      keep: () => this.keep(blob, file),
      close: () => file.close(),
      discard: async () => {
        await file.close();
        await rm(path, { force: true });
      },
    };
  }

  private async keep(blob: string, file: FileHandle): Promise<void> {
    await file.sync();
    await rename(this.partialPathOf(blob), this.pathOf(blob));
  }

  private openPartial(blob: string): Promise<FileHandle> {
    const path = this.partialPathOf(blob);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  private pathOf(blob: string): string {
    return join(this.folder, blob.slice(0, 2), blob);
  }

  private partialPathOf(blob: string): string {
    return `${this.pathOf(blob)}${PARTIAL_SUFFIX}`;
  }
}

interface StoredBlob {
  readonly path: string;
  readonly blob: string;
  readonly sizeBytes: number;
  readonly usedMs: number;
}

/** Bytes that a room's contents take. */
export async function sizeOfBlobs(folder: string): Promise<number> {
  return (await listBlobs(folder)).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/**
 * Drops contents until those of all rooms beside this one take at most `maxBytes`, the one first that was used the longest
 * time ago. Those of this room that are in use stay, and those of others that were used within the last hour.
 */
export async function trimBlobs(cache: BlobCache, maxBytes: number, nowMs: number): Promise<void> {
  const rooms = dirname(cache.folder);
  await mkdir(rooms, { recursive: true });
  const folders = (await readdir(rooms)).filter((name) => name.endsWith(BLOBS_SUFFIX)).map((name) => join(rooms, name));
  const all = (await Promise.all(folders.map((folder) => listBlobs(folder)))).flat();
  let sizeBytes = all.reduce((sum, stored) => sum + stored.sizeBytes, 0);
  for (const stored of all.toSorted((a, b) => a.usedMs - b.usedMs)) {
    if (sizeBytes <= maxBytes) return;
    const isOwn = stored.path.startsWith(cache.folder);
    if (isOwn ? cache.isUsed(stored.blob) : stored.usedMs > nowMs - OTHERS_STAY_MS) continue;
    await rm(stored.path, { force: true });
    sizeBytes -= stored.sizeBytes;
  }
}

const OTHERS_STAY_MS = 60 * 60_000;

async function listBlobs(folder: string): Promise<readonly StoredBlob[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isFile())
    .map(async ({ parentPath, name }): Promise<StoredBlob[]> => {
      const path = join(parentPath, name);
      const stats = await stat(path).catch(() => undefined);
      const blob = name.replace(PARTIAL_SUFFIX, '');
      // A part that comes into being takes less of the disk than its size.
      return stats ? [{ path, blob, sizeBytes: Math.min(stats.size, stats.blocks * 512), usedMs: stats.mtimeMs }] : [];
    });
  return (await Promise.all(found)).flat();
}

async function noteUse(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now);
}

async function readAt(file: FileHandle, offset: number, byteLength: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(byteLength);
  let done = 0;
  while (done < byteLength) {
    const { bytesRead } = await file.read(bytes, done, byteLength - done, offset + done);
    if (bytesRead === 0) throw new Error('the file is shorter than it was');
    done += bytesRead;
  }
  return bytes;
}

async function* copyTo(target: FileHandle, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for await (const piece of pieces) {
    await target.write(piece, 0, piece.byteLength, offset);
    offset += piece.byteLength;
    yield piece;
  }
  await target.truncate(offset);
}
