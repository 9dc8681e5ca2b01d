/** A blob of a room. */
export interface BlobKey {
  readonly tenant: string;
  readonly room: string;
  /** SHA-256 of its bytes, in lowercase hexadecimal digits. */
  readonly blob: string;
}

export interface BlobPart {
  /** From 0. */
  readonly part: number;
  /** Of its bytes, in lowercase hexadecimal digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What there is of a blob; its parts are in their order. */
export type BlobRecord =
  | { readonly state: 'complete'; readonly sizeBytes: number; readonly parts: readonly BlobPart[] }
  /** The stored ones, as many as are listed; one number may come several times, with different bytes. */
  | { readonly state: 'uploading'; readonly parts: readonly BlobPart[] };

/**
 * - `announced`: its object is to be written, and `storePart` called then.
 * - `stored`: it is there.
 * - `complete`: the whole blob is.
 * - `room-full`: the room would have more than it may.
 * - `removing`: what was left of an earlier upload is being removed; it can be sent again soon.
 */
export type PartAnnouncement = 'announced' | 'stored' | 'complete' | 'room-full' | 'removing';

export interface NewBlob {
  readonly parts: readonly BlobPart[];
  readonly sizeBytes: number;
  /** Subject of the one who uploaded it. */
  readonly createdBy: string;
  readonly nowMs: number;
}

export interface AbandonedSince {
  readonly beforeMs: number;
  /**
   * For so long nobody else is given the same parts, whose objects the caller removes meanwhile. Another relay would
   * remove one late, which was forgotten and has come again since.
   */
  readonly leaseMs: number;
}

/** A part that belongs to no whole blob, and will not. */
export interface AbandonedPart {
  readonly key: BlobKey;
  readonly part: BlobPart;
}

/**
 * Which blobs a room has, and which parts of them. A part is announced before its object is written, so that what a crash
 * leaves behind can be found and removed. Every method rejects with a `LogFailure`, and may be called again.
 */
export interface BlobIndex {
  findBlob(key: BlobKey): Promise<BlobRecord | undefined>;
  /** Those of `parts` that are stored, of a blob that is not complete. */
  findStored(key: BlobKey, parts: readonly BlobPart[]): Promise<readonly BlobPart[]>;
  /** A part of a complete blob. */
  findPart(key: BlobKey, part: number): Promise<BlobPart | undefined>;
  /** What the room is charged for, uploads under way included. */
  roomBytes(room: Omit<BlobKey, 'blob'>): Promise<number>;
  /** Complete blobs, by their ids. */
  listBlobs(
    room: Omit<BlobKey, 'blob'>,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly string[]>;
  /** Those of `blobs` that are not complete, each once. */
  findLacking(room: Omit<BlobKey, 'blob'>, blobs: readonly string[]): Promise<readonly string[]>;
  announcePart(
    key: BlobKey,
    part: BlobPart,
    limit: { readonly maxRoomBytes: number; readonly nowMs: number },
  ): Promise<PartAnnouncement>;
  /** Its object is durable. False when it is announced no more: its object may be removed. */
  storePart(key: BlobKey, part: BlobPart): Promise<boolean>;
  /** Makes it whole, all or nothing; false when a part is not stored. Other parts of it are as good as abandoned. */
  complete(key: BlobKey, blob: NewBlob): Promise<boolean>;
  /** The object of a stored part cannot be read: it has to come again, and a complete blob is one no more. */
  losePart(key: BlobKey, part: BlobPart, nowMs: number): Promise<void>;
  /** Gives up parts of uploads of which nothing has come since `beforeMs`, some at a time. */
  abandonParts(since: AbandonedSince): Promise<readonly AbandonedPart[]>;
  /** The object of an abandoned part is gone. */
  forgetPart(abandoned: AbandonedPart): Promise<void>;
}

/** Small ones cost as much: an object and a row. */
const MIN_CHARGED_BYTES = 4 * 1024;

/** What a room is charged for a part. */
export function chargeFor(sizeBytes: number): number {
  return Math.max(sizeBytes, MIN_CHARGED_BYTES);
}
