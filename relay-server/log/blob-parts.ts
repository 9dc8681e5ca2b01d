import { BLOB_PART_BYTES } from '../../shared/workspace/index.ts';
import type { BlobKey, BlobPart } from './blob-index.ts';
import type { ObjectKind, ObjectStore } from './object-store.ts';

/** The bytes of the parts of blobs. Every method rejects with a `LogFailure`. */
export interface BlobParts {
  /** Durable when it resolves. `bytes` must be those of the part. */
  write(key: BlobKey, part: BlobPart, bytes: Uint8Array): Promise<void>;
  /** Verifies what it read; damaged or missing bytes are a `LogFailure` with `corrupted`. */
  read(key: BlobKey, part: BlobPart): Promise<Uint8Array>;
  /** Removing one that is not there does nothing. */
  remove(key: BlobKey, part: BlobPart): Promise<void>;
  /** Ids of what there is of the blob; see {@link partObjectId}. */
  list(key: BlobKey): Promise<readonly string[]>;
}

const PART_ID = /^\d{1,10}-[0-9a-f]{64}$/;

export const PART_KIND: ObjectKind = {
  noun: 'part',
  maxBytes: BLOB_PART_BYTES,
  isId: (objectId) => PART_ID.test(objectId),
};

/** The id of the object with a part's bytes, `N-SHA256`. */
export function partObjectId({ part, sha256 }: BlobPart): string {
  return `${part}-${sha256}`;
}

/** Parts as objects of a store of {@link PART_KIND}. */
export class ObjectBlobParts implements BlobParts {
  private readonly objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.objects = objects;
  }

  write(key: BlobKey, part: BlobPart, bytes: Uint8Array): Promise<void> {
    return this.objects.write(toDocumentKey(key), partObjectId(part), bytes);
  }

  read(key: BlobKey, part: BlobPart): Promise<Uint8Array> {
    return this.objects.read(toDocumentKey(key), partObjectId(part));
  }

  remove(key: BlobKey, part: BlobPart): Promise<void> {
    return this.objects.remove(toDocumentKey(key), partObjectId(part));
  }

  async list(key: BlobKey): Promise<readonly string[]> {
    return (await this.objects.list(toDocumentKey(key))).map(({ objectId }) => objectId);
  }
}

function toDocumentKey({ tenant, room, blob }: BlobKey) {
  return { tenant, room, document: blob };
}
