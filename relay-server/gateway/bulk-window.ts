/** Until the client has answered for something. */
const FIRST_WINDOW_BYTES = 256 * 1024;
/** Slow links hold so much of what others wait behind: 0.1 s at 10 Mbit/s. */
const MIN_WINDOW_BYTES = 128 * 1024;
const MAX_WINDOW_BYTES = 8 * 1024 * 1024;
/** The client is asked so often within a window: more often than not would leave links idle. */
const PROBES_PER_WINDOW = 8;
/** Times what the link holds, so that it never runs dry. */
const WINDOW_GAIN = 2;
/** How much of the best rate still counts with each answer, since links change. */
const RATE_KEPT = 0.95;

interface Probe {
  readonly marker: number;
  readonly sentAtMs: number;
  /** What was sent before it. */
  readonly sentBytes: number;
  /** What was answered when it was sent. */
  readonly answeredBytes: number;
}

/**
 * Says how much of large messages may be on the way to one client, told from when it answers probes sent between them:
 * twice what the link carries in its shortest round trip. The rest waits here, where something small can get ahead of
 * it; in the buffers of the system and of the network nothing can. Times are of a clock that only rises.
 */
export class BulkWindow {
  private readonly probes: Probe[] = [];
  private sentBytes = 0;
  private answeredBytes = 0;
  private probedBytes = 0;
  private roundTripMs = Infinity;
  private bytesPerMs = 0;

  /** So much may be on the way. */
  get limitBytes(): number {
    const held = this.bytesPerMs === 0 ? FIRST_WINDOW_BYTES : WINDOW_GAIN * this.bytesPerMs * this.roundTripMs;
    return Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, held));
  }

  get isOpen(): boolean {
    return this.sentBytes - this.answeredBytes < this.limitBytes;
  }

  /** How many answers are to come. */
  get asked(): number {
    return this.probes.length;
  }

  /** An answer is to come. */
  get isAsked(): boolean {
    return this.asked > 0;
  }

  /** It is full, and no answer is to come: the client has to be asked, or it stays so. */
  get isUnasked(): boolean {
    return !this.isOpen && !this.isAsked;
  }

  /** Everything was answered. */
  get isIdle(): boolean {
    return this.answeredBytes === this.sentBytes;
  }

  noteSent(bytes: number): void {
    this.sentBytes += bytes;
  }

  /** Whether a probe should follow now. `isLast`: nothing else will be sent soon. */
  isProbeDue(isLast: boolean): boolean {
    const unprobedBytes = this.sentBytes - this.probedBytes;
    return unprobedBytes >= this.limitBytes / PROBES_PER_WINDOW || (isLast && unprobedBytes > 0);
  }

  /** A probe with this marker follows what was sent so far. */
  noteProbe(marker: number, nowMs: number): void {
    const { sentBytes, answeredBytes } = this;
    this.probedBytes = sentBytes;
    this.probes.push({ marker, sentAtMs: nowMs, sentBytes, answeredBytes });
  }

  /** The client has answered a probe, and with it all before. Gives false for an unknown marker. */
  noteAnswer(marker: number, nowMs: number): boolean {
    const index = this.probes.findIndex((probe) => probe.marker === marker);
    const probe = this.probes[index];
    if (!probe) return false;
    this.probes.splice(0, index + 1);
    this.answeredBytes = probe.sentBytes;
    const elapsedMs = Math.max(nowMs - probe.sentAtMs, 0.1);
    this.roundTripMs = Math.min(this.roundTripMs, elapsedMs);
    const rate = (probe.sentBytes - probe.answeredBytes) / elapsedMs;
    this.bytesPerMs = Math.max(rate, this.bytesPerMs * RATE_KEPT);
    return true;
  }
}
