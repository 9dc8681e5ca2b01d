import { PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';
import type { LargeMessage } from './shared-encoding.ts';

/** What an entry costs besides its bytes: many tiny messages must count, too. */
const ENTRY_OVERHEAD_BYTES = 256;
/** So many taken entries may lie at the front before the list is cut. */
const MAX_TAKEN = 1_024;

/** A message that waits in a lane: a frame, or a message that is sent in chunks. */
interface Outgoing {
  readonly message: Uint8Array | LargeMessage;
  /** How much of it was taken. */
  offset: number;
  readonly onSent: (() => void) | undefined;
}

/** The messages of one lane, oldest first. */
export class LaneQueue {
  private entries: Outgoing[] = [];
  private taken = 0;
  private waitingBytes = 0;

  /** What waits, with what it takes to keep it. */
  get bytes(): number {
    return this.waitingBytes + this.length * ENTRY_OVERHEAD_BYTES;
  }

  /** Messages that wait, a part of one included. */
  get length(): number {
    return this.entries.length - this.taken;
  }

  /** `onSent` is called by who takes the last of it. */
  push(message: Uint8Array | LargeMessage, onSent: (() => void) | undefined): void {
    this.entries.push({ message, offset: 0, onSent });
    this.waitingBytes += message.byteLength;
  }

  /** Takes the next frame out, a piece of a large message of at most so many bytes; `onSent` comes with its last. */
  take(
    maxPieceBytes: number = PROTOCOL_LIMITS.maxChunkPayloadBytes,
  ): { readonly frame: Uint8Array; readonly onSent: (() => void) | undefined } | undefined {
    const oldest = this.entries[this.taken];
    if (!oldest) return undefined;
    const { message, offset } = oldest;
    const isFrame = message instanceof Uint8Array;
    const pieceBytes = isFrame ? message.byteLength : message.pieceBytesAt(offset, maxPieceBytes);
    const frame = isFrame ? message : message.frameAt(offset, pieceBytes);
    oldest.offset += pieceBytes;
    this.waitingBytes -= pieceBytes;
    if (oldest.offset < message.byteLength) return { frame, onSent: undefined };
    this.shift();
    return { frame, onSent: oldest.onSent };
  }

  private shift(): void {
    this.taken++;
    // Cutting off one at a time would take time that grows with the square of what waits.
    if (this.taken < MAX_TAKEN && this.taken < this.entries.length) return;
    this.entries = this.entries.slice(this.taken);
    this.taken = 0;
  }

  clear(): void {
    this.entries = [];
    this.taken = 0;
    this.waitingBytes = 0;
  }
}
