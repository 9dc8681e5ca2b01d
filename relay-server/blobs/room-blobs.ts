import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { BLOB_PART_BYTES, blobPartCount } from '../../shared/workspace/index.ts';
import { type BlobIndex, type BlobKey, type BlobPart, type BlobRecord, chargeFor } from '../log/blob-index.ts';
import type { BlobParts } from '../log/blob-parts.ts';
import { contentHash } from '../log/content-hash.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { BlobLimits } from './blob-limits.ts';
import { hashParts } from './hash-parts.ts';
import type { RecentParts } from './recent-parts.ts';

export interface RoomBlobsServices {
  readonly index: BlobIndex;
  readonly parts: BlobParts;
  /** Of the parts that are read for somebody. */
  readonly recent: RecentParts;
  readonly limits: BlobLimits;
  readonly scheduler: Scheduler;
}

/** What somebody says that a blob consists of. */
export interface ClaimedBlob {
  readonly sizeBytes: number;
  /** SHA-256 of each part, in their order. */
  readonly partHashes: readonly string[];
  /** Subject of the one who says so. */
  readonly createdBy: string;
}

export type TakenPart =
  | { readonly kind: 'stored' }
  /** `removing`: it can be sent again soon. */
  | { readonly kind: 'refused'; readonly reason: 'room-full' | 'too-large' | 'removing' };

export type FinishedBlob =
  | { readonly kind: 'complete' }
  /** These have to be sent, maybe again; in ascending order. */
  | { readonly kind: 'missing'; readonly parts: readonly number[] }
  /** The parts are not those of a blob of this size and hash. */
  | { readonly kind: 'mismatch' };

/** A store that loses a part between its announcement and its being stored is given one more chance. */
const STORE_ATTEMPTS = 2;

/** The blobs of rooms: takes them in parts, in any order and at any time, and gives them out once they are whole. */
export class RoomBlobs {
  readonly limits: BlobLimits;
  private readonly services: RoomBlobsServices;

  /** The caller keeps the ownership of the services. */
  constructor(services: RoomBlobsServices) {
    this.services = services;
    this.limits = services.limits;
  }

  /** Rejects with a `LogFailure`, as every method does. */
  find(key: BlobKey): Promise<BlobRecord | undefined> {
    return this.services.index.findBlob(key);
  }

  /** Those of `blobs` that the room does not have as a whole. */
  findLacking(room: Omit<BlobKey, 'blob'>, blobs: readonly string[]): Promise<readonly string[]> {
    return this.services.index.findLacking(room, blobs);
  }

  /** A part of a whole blob; undefined when there is none. */
  async readPart(key: BlobKey, part: number): Promise<Uint8Array | undefined> {
    const { index, parts, recent } = this.services;
    const found = await index.findPart(key, part);
    return found && recent.read(JSON.stringify([key, found]), () => parts.read(key, found));
  }

  /**
   * Whether a part that is to come in pieces is there already, or would have no place: so that nobody sends it in vain.
   * Undefined: it may come.
   */
  async foresee(key: BlobKey, part: BlobPart): Promise<TakenPart | undefined> {
    const { index, limits, scheduler } = this.services;
    if (await this.hasPart(key, part)) return { kind: 'stored' };
    const { maxRoomBytes } = limits;
    if ((await index.roomBytes(key)) + chargeFor(part.sizeBytes) <= maxRoomBytes) return undefined;
    // An earlier try to store it may have its place already.
    const announcement = await index.announcePart(key, part, { maxRoomBytes, nowMs: scheduler.now() });
    return announcement === 'room-full' ? { kind: 'refused', reason: announcement } : undefined;
  }

  /** Whether a part is stored. */
  async hasPart(key: BlobKey, part: BlobPart): Promise<boolean> {
    const { index } = this.services;
    return (await index.findPart(key, part.part)) !== undefined || (await index.findStored(key, [part])).length > 0;
  }

  /** Stores a part of 1 to {@link BLOB_PART_BYTES} bytes, durably when it resolves. */
  async takePart(key: BlobKey, part: number, bytes: Uint8Array): Promise<TakenPart> {
    const { index, parts, limits, scheduler } = this.services;
    if (part >= blobPartCount(limits.maxBlobBytes)) return { kind: 'refused', reason: 'too-large' };
    const taken: BlobPart = { part, sha256: contentHash(bytes), sizeBytes: bytes.byteLength };
    for (let attempt = 1; attempt <= STORE_ATTEMPTS; attempt++) {
      const { maxRoomBytes } = limits;
      const announcement = await index.announcePart(key, taken, { maxRoomBytes, nowMs: scheduler.now() });
      switch (announcement) {
        case 'stored':
        case 'complete':
          return { kind: 'stored' };
        case 'room-full':
        case 'removing':
          return { kind: 'refused', reason: announcement };
        case 'announced':
          await parts.write(key, taken, bytes);
          if (await index.storePart(key, taken)) return { kind: 'stored' };
      }
    }
    return { kind: 'refused', reason: 'removing' };
  }

  /**
   * Makes a blob whole, when all its parts are there and their bytes have the hash that it is named by. The number of
   * hashes must be that of the parts of its size. `isStillAllowed` is asked when everything was read, which may take
   * long; it says by rejecting that it is not.
   */
  async finish(key: BlobKey, claimed: ClaimedBlob, isStillAllowed: () => Promise<void>): Promise<FinishedBlob> {
    const { index, scheduler } = this.services;
    const record = await index.findBlob(key);
    if (record?.state === 'complete') return { kind: 'complete' };
    const { sizeBytes, createdBy } = claimed;
    const wanted = toParts(claimed);
    const stored = new Map((await index.findStored(key, wanted)).map((part) => [nameOf(part), part]));
    if (wanted.some((part) => isOfOtherSize(part, stored.get(nameOf(part))))) return { kind: 'mismatch' };
    const missing = wanted.filter((part) => !stored.has(nameOf(part)));
    if (missing.length > 0) return { kind: 'missing', parts: missing.map(({ part }) => part) };
    const checked = await this.check(key, wanted);
    if (checked) return checked;
    await isStillAllowed();
    if (await index.complete(key, { parts: wanted, sizeBytes, createdBy, nowMs: scheduler.now() }))
      return { kind: 'complete' };
    return { kind: 'missing', parts: wanted.map(({ part }) => part) };
  }

  /** Undefined when the parts are those of the blob. */
  private async check(key: BlobKey, wanted: readonly BlobPart[]): Promise<FinishedBlob | undefined> {
    const { index, parts, scheduler } = this.services;
    const lost: BlobPart[] = [];
    const hash = await hashParts(wanted.length, async (position) => {
      const part = wanted[position];
      if (!part) return new Uint8Array(0);
      try {
        return await parts.read(key, part);
      } catch (error) {
        if (!(error instanceof LogFailure) || error.code !== 'corrupted') throw error;
        lost.push(part);
        return new Uint8Array(0);
      }
    });
    for (const part of lost) await index.losePart(key, part, scheduler.now());
    if (lost.length > 0) return { kind: 'missing', parts: lost.map(({ part }) => part).sort((a, b) => a - b) };
    return hash === key.blob ? undefined : { kind: 'mismatch' };
  }
}

function toParts({ sizeBytes, partHashes }: ClaimedBlob): readonly BlobPart[] {
  const last = partHashes.length - 1;
  return partHashes.map((sha256, part) => ({
    part,
    sha256,
    sizeBytes: part === last ? sizeBytes - last * BLOB_PART_BYTES : BLOB_PART_BYTES,
  }));
}

function nameOf({ part, sha256 }: BlobPart): string {
  return `${part}-${sha256}`;
}

function isOfOtherSize({ sizeBytes }: BlobPart, stored: BlobPart | undefined): boolean {
  return stored !== undefined && stored.sizeBytes !== sizeBytes;
}
