import type { SegmentRange } from './segment-id.ts';
import type { DocumentKey } from './update-log.ts';

/** Where a part of a document's log lies that is no longer in the database. */
export interface SegmentPointer extends SegmentRange {
  /** The epoch that the document was in when the segment was made. */
  readonly epoch: string;
  /** Id in the segment store. */
  readonly segmentId: string;
  /** Size of the stored object. */
  readonly byteLength: number;
  /** Set by a repair when the object cannot be read: why. Its updates count as ones that change nothing. */
  readonly damage: string | undefined;
}

export type NewSegment = Omit<SegmentPointer, 'damage'>;

/** Which updates have rested in the database for long enough. */
export interface ArchiveRule {
  /** So many of a document's newest updates stay. */
  readonly keptUpdates: number;
  /** What was written after that stays. */
  readonly writtenThroughMs: number;
  /** Only documents that have at least so many updates to archive are of interest. */
  readonly minUpdates: number;
}

export interface ArchiveCandidate {
  readonly key: DocumentKey;
  readonly epoch: string;
  /** The first update that is not in a segment. */
  readonly fromSeq: number;
  /** Through here they may be archived, by their number. */
  readonly throughSeq: number;
}

export interface CandidatePage {
  readonly candidates: readonly ArchiveCandidate[];
  /** Where the next page begins; undefined after the last one. */
  readonly nextPlace: number | undefined;
}

/** An object that no segment of the log will ever be. */
export interface AbandonedUpload {
  readonly key: DocumentKey;
  readonly segmentId: string;
}

/**
 * Which parts of which documents are in segments. Of an update there is a row in the log or a segment at any moment. A
 * segment's object is announced before it is written, so that what a crash leaves behind can be found and removed.
 * Every method rejects with a `LogFailure`.
 */
export interface SegmentIndex {
  /** The segment with the lowest updates after `afterSeq`; it may begin at or before it. */
  findAfter(key: DocumentKey, afterSeq: number): Promise<SegmentPointer | undefined>;
  /** Looks through some of all documents, from a place on; the first is 0. Documents with an upload under way are left out. */
  findCandidates(rule: ArchiveRule, place: number): Promise<CandidatePage>;
  /** Announces an object. False when the document does not exist. */
  beginUpload(key: DocumentKey, segmentId: string, nowMs: number): Promise<boolean>;
  /**
   * Replaces rows of the log by the segment that has them, all or nothing; false when that is no longer right: the
   * rows, the epoch or the snapshot, which must cover them, are not as they were, or the upload has been abandoned. Its
   * object must be durable, and holds the rows as they were read in this epoch.
   */
  commit(key: DocumentKey, segment: NewSegment): Promise<boolean>;
  /** Gives up uploads that began before `beforeMs`, some at a time. From then on {@link commit} refuses them. */
  abandonUploads(beforeMs: number): Promise<readonly AbandonedUpload[]>;
  /** The object of an upload that will not be committed is gone. */
  forgetUpload(upload: AbandonedUpload): Promise<void>;
}
