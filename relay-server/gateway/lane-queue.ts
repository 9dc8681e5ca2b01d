/** What an entry costs besides its bytes: many tiny messages must count, too. */
const ENTRY_OVERHEAD_BYTES = 256;
/** So many taken entries may lie at the front before the list is cut. */
const MAX_TAKEN = 1_024;

/** A message that waits in a lane. */
export interface Outgoing {
  /** The frames that are left; chunks are cut when their turn comes. */
  readonly frames: Iterator<Uint8Array, void>;
  remainingBytes: number;
  readonly onSent: (() => void) | undefined;
}

/** The messages of one lane, oldest first. */
export class LaneQueue {
  private entries: Outgoing[] = [];
  private taken = 0;
  private waitingBytes = 0;

  /** What waits, with what it takes to keep it. */
  get bytes(): number {
    return this.waitingBytes + (this.entries.length - this.taken) * ENTRY_OVERHEAD_BYTES;
  }

  push(outgoing: Outgoing): void {
    this.entries.push(outgoing);
    this.waitingBytes += outgoing.remainingBytes;
  }

  get oldest(): Outgoing | undefined {
    return this.entries[this.taken];
  }

  /** So much of the oldest was sent. */
  consume(bytes: number): void {
    const { oldest } = this;
    if (!oldest) return;
    oldest.remainingBytes -= bytes;
    this.waitingBytes -= bytes;
  }

  /** The oldest is done with. */
  shift(): void {
    this.consume(this.oldest?.remainingBytes ?? 0);
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
