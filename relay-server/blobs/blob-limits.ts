/** How much may be stored. */
export interface BlobLimits {
  readonly maxBlobBytes: number;
  /** For a room, uploads under way included. */
  readonly maxRoomBytes: number;
}

export const DEFAULT_MAX_BLOB_BYTES = 512 * 1024 * 1024;
export const DEFAULT_MAX_ROOM_BLOB_BYTES = 10 * 1024 * 1024 * 1024;
/** Nobody may set more for one blob: the hashes of its parts travel in one request. */
export const LARGEST_MAX_BLOB_BYTES = 4 * 1024 * 1024 * 1024;
