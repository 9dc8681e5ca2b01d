import type { Disposable, Scheduler } from '../../shared/lifecycle/index.ts';
import { ReadingTurns } from '../history/reading-turns.ts';
import type { BlobIndex } from '../log/blob-index.ts';
import type { BlobParts } from '../log/blob-parts.ts';
import type { BlobLimits } from './blob-limits.ts';
import { ListedBlobs, type ListedBlobsServices } from './listed-blobs.ts';
import { PartialParts } from './partial-parts.ts';
import { RecentParts } from './recent-parts.ts';
import { RoomBlobs } from './room-blobs.ts';
import { TransferSlots } from './transfer-slots.ts';

export {
  type BlobLimits,
  DEFAULT_MAX_BLOB_BYTES,
  DEFAULT_MAX_ROOM_BLOB_BYTES,
  LARGEST_MAX_BLOB_BYTES,
} from './blob-limits.ts';
export type { TakenPart } from './room-blobs.ts';
export { UploadCleaner } from './upload-cleaner.ts';

/** What the HTTP interface needs for blobs. Disposing forgets what has come of parts. */
export interface BlobServices extends Disposable {
  readonly rooms: RoomBlobs;
  readonly listed: ListedBlobs;
  /** Of parts; each has its bytes in memory. */
  readonly uploads: TransferSlots;
  readonly downloads: TransferSlots;
  /** Of rooms, whose whole blobs are read to compare their hash. */
  readonly checks: ReadingTurns;
  /** Of which not all has come. */
  readonly partial: PartialParts;
}

export interface BlobServicesOptions {
  readonly index: BlobIndex;
  readonly parts: BlobParts;
  readonly limits: BlobLimits;
  readonly scheduler: Scheduler;
  readonly core: ListedBlobsServices;
}

// One link can bring any number of people, who must not take what other rooms need.
const UPLOADS = { total: 64, ofRoom: 24, each: 4 };
const DOWNLOADS = { total: 128, ofRoom: 48, each: 8 };
/** A person has as many on the way as uploads, and others left of earlier tries. */
const PARTIAL_PARTS = { total: 64, ofRoom: 24, each: 8 };
const CHECKS = { maxAtOnce: 2, maxOfPerson: 16 };

/** The caller keeps the ownership of everything in `options`. */
export function createBlobServices({ index, parts, limits, scheduler, core }: BlobServicesOptions): BlobServices {
  const recent = new RecentParts(scheduler);
  const partial = new PartialParts(PARTIAL_PARTS, scheduler);
  return {
    rooms: new RoomBlobs({ index, parts, recent, limits, scheduler }),
    listed: new ListedBlobs(core),
    uploads: new TransferSlots(UPLOADS),
    downloads: new TransferSlots(DOWNLOADS),
    checks: new ReadingTurns(CHECKS),
    partial,
    dispose() {
      partial.dispose();
      recent.dispose();
    },
  };
}
