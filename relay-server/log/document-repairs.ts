import type { DocumentKey } from './update-log.ts';

export interface DamagedRow {
  readonly seq: number;
  /** What is wrong with it, kept beside the row. */
  readonly reason: string;
}

export interface LostSegment {
  /** The number of its last update. */
  readonly toSeq: number;
  readonly segmentId: string;
  /** Why, kept beside it. */
  readonly reason: string;
}

export interface RepairStep {
  /** The epoch that the document is in; nothing is done when it has another one by now. */
  readonly fromEpoch: string;
  /** The one that begins, so that everybody compares everything anew. */
  readonly toEpoch: string;
  /** The snapshot that is no longer pointed to; nothing is done when the pointer names another one by now. */
  readonly droppedSnapshotId: string | undefined;
  /** Moved aside, with an update that changes nothing in its place; for a number without a row only that is written. */
  readonly damaged: readonly DamagedRow[];
  /** Segments that are no longer read: their updates count as ones that change nothing. */
  readonly lostSegments: readonly LostSegment[];
  readonly timeMs: number;
}

/** Makes damaged documents readable again. Every method rejects with a `LogFailure`. */
export interface DocumentRepairs {
  /** All of it or, when the document is not as described by now, nothing; says which. */
  apply(key: DocumentKey, step: RepairStep): Promise<boolean>;
  /** The names of the room's documents after `after` in an order that stays the same; all of them from the first without. */
  listDocuments(
    room: Omit<DocumentKey, 'document'>,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly string[]>;
}

/** A Yjs update that changes nothing. */
export const EMPTY_UPDATE = new Uint8Array([0, 0]);

/** Stands for the author of rows that were written in place of missing ones. */
export const REPAIR_SUBJECT = 'tutti-repair';
