import type { AbandonedPart, AbandonedSince, BlobIndex, BlobKey, BlobPart, NewBlob } from '../blob-index.ts';
import type { SqliteBlobIndex } from './sqlite-blob-index.ts';
import type { WriteThread } from './write-thread.ts';

/** Blobs in the relay's SQLite file, read here and written in the thread that writes updates. */
export class ThreadedBlobIndex implements BlobIndex {
  private readonly reads: SqliteBlobIndex;
  private readonly writes: WriteThread;

  /** The caller keeps the ownership of both. */
  constructor(reads: SqliteBlobIndex, writes: WriteThread) {
    this.reads = reads;
    this.writes = writes;
  }

  findBlob(key: BlobKey) {
    return this.reads.findBlob(key);
  }

  findStored(key: BlobKey, parts: readonly BlobPart[]) {
    return this.reads.findStored(key, parts);
  }

  findPart(key: BlobKey, part: number) {
    return this.reads.findPart(key, part);
  }

  roomBytes(room: Omit<BlobKey, 'blob'>) {
    return this.reads.roomBytes(room);
  }

  listBlobs(...page: Parameters<BlobIndex['listBlobs']>) {
    return this.reads.listBlobs(...page);
  }

  findLacking(...question: Parameters<BlobIndex['findLacking']>) {
    return this.reads.findLacking(...question);
  }

  announcePart(key: BlobKey, part: BlobPart, limit: Parameters<BlobIndex['announcePart']>[2]) {
    return this.writes.ask({ kind: 'announce-part', key, part, limit });
  }

  storePart(key: BlobKey, part: BlobPart) {
    return this.writes.ask({ kind: 'store-part', key, part });
  }

  complete(key: BlobKey, blob: NewBlob) {
    return this.writes.ask({ kind: 'complete-blob', key, blob });
  }

  async losePart(key: BlobKey, part: BlobPart, nowMs: number): Promise<void> {
    await this.writes.ask({ kind: 'lose-part', key, part, nowMs });
  }

  abandonParts(since: AbandonedSince) {
    return this.writes.ask({ kind: 'abandon-parts', since });
  }

  async forgetPart(abandoned: AbandonedPart): Promise<void> {
    await this.writes.ask({ kind: 'forget-part', abandoned });
  }
}
