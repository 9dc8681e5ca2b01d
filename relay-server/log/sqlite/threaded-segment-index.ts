import type { AbandonedUpload, ArchiveRule, NewSegment, SegmentIndex } from '../segment-index.ts';
import type { DocumentKey } from '../update-log.ts';
import type { SqliteSegmentIndex } from './sqlite-segment-index.ts';
import type { WriteThread } from './write-thread.ts';

/** Segments in the relay's SQLite file, read here and written in the thread that writes updates. */
export class ThreadedSegmentIndex implements SegmentIndex {
  private readonly reads: SqliteSegmentIndex;
  private readonly writes: WriteThread;

  /** The caller keeps the ownership of both. */
  constructor(reads: SqliteSegmentIndex, writes: WriteThread) {
    this.reads = reads;
    this.writes = writes;
  }

  findAfter(key: DocumentKey, afterSeq: number) {
    return this.reads.findAfter(key, afterSeq);
  }

  findCandidates(rule: ArchiveRule, place: number) {
    return this.reads.findCandidates(rule, place);
  }

  beginUpload(key: DocumentKey, segmentId: string, nowMs: number) {
    return this.writes.ask({ kind: 'begin-upload', key, segmentId, nowMs });
  }

  commit(key: DocumentKey, segment: NewSegment) {
    return this.writes.ask({ kind: 'commit-segment', key, segment });
  }

  abandonUploads(beforeMs: number) {
    return this.writes.ask({ kind: 'abandon-uploads', beforeMs });
  }

  async forgetUpload(upload: AbandonedUpload): Promise<void> {
    await this.writes.ask({ kind: 'forget-upload', upload });
  }
}
