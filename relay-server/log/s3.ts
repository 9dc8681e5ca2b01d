import type { Disposable } from '../../shared/lifecycle/index.ts';
import { ObjectBlobParts, PART_KIND } from './blob-parts.ts';
import { ObjectSegmentStore, ObjectSnapshotStore, SEGMENT_KIND, SNAPSHOT_KIND } from './object-store.ts';
import type { S3Options } from './s3/s3-client.ts';
import { S3Objects } from './s3/s3-objects.ts';

export type { S3Options } from './s3/s3-client.ts';
export { S3Mark } from './s3/s3-mark.ts';

/** Keeps snapshots in a bucket as `PREFIX TENANT/ROOM/DOCUMENT/SEQ-SHA256`. Disposing ends its connections. */
export class S3SnapshotStore extends ObjectSnapshotStore implements Disposable {
  private readonly owned: Disposable;

  constructor(options: S3Options) {
    const objects = new S3Objects(options, SNAPSHOT_KIND);
    super(objects);
    this.owned = objects;
  }

  dispose(): void {
    this.owned.dispose();
  }
}

/**
 * Keeps segments in a bucket as `PREFIX segments/TENANT/ROOM/DOCUMENT/FROM-TO-SHA256`. Disposing ends its connections.
 */
export class S3SegmentStore extends ObjectSegmentStore implements Disposable {
  private readonly owned: Disposable;

  constructor(options: S3Options) {
    // No snapshot has so many parts in its key, whatever the tenant is called.
    const objects = new S3Objects({ ...options, prefix: `${options.prefix ?? ''}segments/` }, SEGMENT_KIND);
    super(objects);
    this.owned = objects;
  }

  dispose(): void {
    this.owned.dispose();
  }
}

/** Keeps parts of blobs in a bucket as `PREFIX blobs/TENANT/ROOM/BLOB/N-SHA256`. Disposing ends its connections. */
export class S3BlobParts extends ObjectBlobParts implements Disposable {
  private readonly owned: Disposable;

  constructor(options: S3Options) {
    const objects = new S3Objects({ ...options, prefix: `${options.prefix ?? ''}blobs/` }, PART_KIND);
    super(objects);
    this.owned = objects;
  }

  dispose(): void {
    this.owned.dispose();
  }
}
