import { MAX_SEGMENT_BYTES } from './segment-format.ts';
import { segmentIds, type SegmentRange } from './segment-id.ts';
import type { SegmentStore, StoredSegment } from './segment-store.ts';
import { snapshotIds } from './snapshot-id.ts';
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts';
import type { DocumentKey } from './update-log.ts';

/** What is kept: its name in messages, and what its ids look like. Ids end in `-SHA256`. */
export interface ObjectKind {
  readonly noun: 'snapshot' | 'segment' | 'part';
  /** None is larger; what is larger is damaged. */
  readonly maxBytes: number;
  isId(objectId: string): boolean;
}

export interface StoredObject {
  readonly objectId: string;
  /** When it was written last, by the clock of the store. */
  readonly storedAtMs: number;
}

/** Immutable objects of documents. Every method rejects with a `LogFailure`. */
export interface ObjectStore {
  /** Durable when it resolves. */
  write(key: DocumentKey, objectId: string, bytes: Uint8Array): Promise<void>;
  /** Verifies what it read; damaged or missing bytes are a `LogFailure` with `corrupted`. */
  read(key: DocumentKey, objectId: string): Promise<Uint8Array>;
  /** Every stored object of the document, in any order. */
  list(key: DocumentKey): Promise<readonly StoredObject[]>;
  /** Removing one that is not there does nothing. */
  remove(key: DocumentKey, objectId: string): Promise<void>;
}

export const SNAPSHOT_KIND: ObjectKind = {
  noun: 'snapshot',
  maxBytes: Infinity,
  isId: (objectId) => snapshotIds.seqOf(objectId) !== undefined,
};

export const SEGMENT_KIND: ObjectKind = {
  noun: 'segment',
  maxBytes: MAX_SEGMENT_BYTES,
  isId: (objectId) => segmentIds.rangeOf(objectId) !== undefined,
};

/** Snapshots as objects of a store of {@link SNAPSHOT_KIND}. */
export class ObjectSnapshotStore implements SnapshotStore {
  private readonly objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.objects = objects;
  }

  async write(key: DocumentKey, seq: number, bytes: Uint8Array): Promise<string> {
    const snapshotId = snapshotIds.of(seq, bytes);
    await this.objects.write(key, snapshotId, bytes);
    return snapshotId;
  }

  read(key: DocumentKey, snapshotId: string): Promise<Uint8Array> {
    return this.objects.read(key, snapshotId);
  }

  async list(key: DocumentKey): Promise<readonly StoredSnapshot[]> {
    const stored = await this.objects.list(key);
    return stored.flatMap(({ objectId, storedAtMs }) => {
      const seq = snapshotIds.seqOf(objectId);
      return seq === undefined ? [] : [{ snapshotId: objectId, seq, storedAtMs }];
    });
  }

  remove(key: DocumentKey, snapshotId: string): Promise<void> {
    return this.objects.remove(key, snapshotId);
  }
}

/** Segments as objects of a store of {@link SEGMENT_KIND}. */
export class ObjectSegmentStore implements SegmentStore {
  private readonly objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.objects = objects;
  }

  async write(key: DocumentKey, range: SegmentRange, bytes: Uint8Array): Promise<string> {
    const segmentId = segmentIds.of(range, bytes);
    await this.objects.write(key, segmentId, bytes);
    return segmentId;
  }

  read(key: DocumentKey, segmentId: string): Promise<Uint8Array> {
    return this.objects.read(key, segmentId);
  }

  async list(key: DocumentKey): Promise<readonly StoredSegment[]> {
    const stored = await this.objects.list(key);
    return stored.flatMap(({ objectId, storedAtMs }) => {
      const range = segmentIds.rangeOf(objectId);
      return range ? [{ segmentId: objectId, range, storedAtMs }] : [];
    });
  }

  remove(key: DocumentKey, segmentId: string): Promise<void> {
    return this.objects.remove(key, segmentId);
  }
}
