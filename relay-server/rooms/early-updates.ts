import { ownBytes } from './own-bytes.ts';

/** An update of a client, with the number that it gave it. */
export interface EarlyUpdate {
  readonly clientSeq: number;
  readonly payload: Uint8Array;
}

/** More than one update may have, so that nobody is refused for good. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_UPDATES = 10_000;
/** A small update costs more memory than its payload. */
const ENVELOPE_BYTES = 256;

/** The updates of one client that came before their document was opened. */
export class EarlyUpdates {
  private readonly updates = new Map<number, EarlyUpdate[]>();
  private count = 0;
  private byteLength = 0;

  /** Gives false, and does nothing, when more would wait than one client may let wait. */
  add(handle: number, { clientSeq, payload }: EarlyUpdate): boolean {
    const update = { clientSeq, payload: ownBytes(payload) };
    const byteLength = sizeOf(update);
    if (this.count >= MAX_UPDATES || this.byteLength + byteLength > MAX_BYTES) return false;
    this.count++;
    this.byteLength += byteLength;
    const waiting = this.updates.get(handle);
    if (waiting) waiting.push(update);
    else this.updates.set(handle, [update]);
    return true;
  }

  /** Those for one document, in the order in which they came; they do not wait any more. */
  take(handle: number): readonly EarlyUpdate[] {
    const updates = this.updates.get(handle) ?? [];
    this.updates.delete(handle);
    this.count -= updates.length;
    for (const update of updates) this.byteLength -= sizeOf(update);
    return updates;
  }
}

function sizeOf({ payload }: EarlyUpdate): number {
  return payload.byteLength + ENVELOPE_BYTES;
}
