const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** What a write-ahead log of SQLite holds since it was begun anew. */
export interface LoggedCommits {
  /** Changes whenever it is begun anew. */
  readonly salt: string;
  /** Offsets behind each commit. */
  readonly ends: readonly number[];
  readonly frames: number;
}

/** Reads which commits are in a log: frames of an earlier one, which has not been overwritten, do not count. */
export function readCommits(log: Uint8Array): LoggedCommits {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const saltAt = (offset: number) => `${view.getUint32(offset)}:${view.getUint32(offset + 4)}`;
  if (log.byteLength < HEADER_BYTES) return { salt: '', ends: [], frames: 0 };
  const frameBytes = FRAME_HEADER_BYTES + view.getUint32(8);
  const salt = saltAt(16);
  const ends: number[] = [];
  let frames = 0;
  for (let offset = HEADER_BYTES; offset + frameBytes <= log.byteLength; offset += frameBytes) {
    if (saltAt(offset + 8) !== salt) break;
    frames++;
    // The size of the database in pages is noted with the last frame of a commit.
    if (view.getUint32(offset + 4) !== 0) ends.push(offset + frameBytes);
  }
  return { salt, ends, frames };
}
