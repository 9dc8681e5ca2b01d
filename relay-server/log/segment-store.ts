import type { SegmentRange } from './segment-id.ts';
import type { DocumentKey } from './update-log.ts';

export interface StoredSegment {
  readonly segmentId: string;
  /** As it was given to `write`. */
  readonly range: SegmentRange;
  /** When it was written last, by the clock of the store. */
  readonly storedAtMs: number;
}

/** Keeps the bytes of archived segments of the log. Every method rejects with a `LogFailure`. */
export interface SegmentStore {
  /** Durable when it resolves. Its id is `segmentIds.of(range, bytes)`. */
  write(key: DocumentKey, range: SegmentRange, bytes: Uint8Array): Promise<string>;
  /** Verifies what it read; damaged or missing bytes are a `LogFailure` with `corrupted`. */
  read(key: DocumentKey, segmentId: string): Promise<Uint8Array>;
  /** Every stored segment of the document, in any order. */
  list(key: DocumentKey): Promise<readonly StoredSegment[]>;
  /** Removing one that is not there does nothing. */
  remove(key: DocumentKey, segmentId: string): Promise<void>;
}
