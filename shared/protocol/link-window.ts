import { PROTOCOL_LIMITS } from './limits.ts';

/** Until something was answered: 1 s at 15 kB/s. */
const FIRST_WINDOW_BYTES = 16 * 1024;
/** The slowest links hold so much of what others wait behind. */
const MIN_WINDOW_BYTES = 8 * 1024;
/** Links whose way is short hold what they carry in so long, up to so much: 0.1 s at 10 Mbit/s. */
const SHORT_HOLD_MS = 250;
const MAX_SHORT_BYTES = 128 * 1024;
const MAX_WINDOW_BYTES = 8 * 1024 * 1024;
/** Many are sent the same pieces, which are cut once: there are few sizes. */
const PIECE_SIZES = [32, 16, 8].map((kibibytes) => kibibytes * 1024);
const MIN_PIECE_BYTES = 4 * 1024;
/** The other side is asked so often within a window: more often than not would leave links idle. */
const PROBES_PER_WINDOW = 8;
/** Times what the link holds, so that it never runs dry. */
const WINDOW_GAIN = 2;
/** What was learned of a link counts for so long while nothing is on the way. */
const KEPT_IDLE_MS = 1_000;
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
 * Says how much of large messages may be on the way over one link (SPEC CH4), told from when the other side answers
 * probes sent between them: twice what the link carries in its shortest round trip, and more where that is short. The
 * rest waits here, where something small can get ahead of it; in the buffers of the system and of the network nothing
 * can. Times are of a clock that only rises.
 */
export class LinkWindow {
  private readonly probes: Probe[] = [];
  private sentBytes = 0;
  private answeredBytes = 0;
  private probedBytes = 0;
  private roundTripMs = Infinity;
  private bytesPerMs = 0;
  private answeredAtMs = 0;

  /** So much may be on the way. */
  get limitBytes(): number {
    const { bytesPerMs, roundTripMs } = this;
    if (bytesPerMs === 0) return FIRST_WINDOW_BYTES;
    const short = Math.max(MIN_WINDOW_BYTES, Math.min(MAX_SHORT_BYTES, SHORT_HOLD_MS * bytesPerMs));
    return Math.min(MAX_WINDOW_BYTES, Math.max(short, WINDOW_GAIN * bytesPerMs * roundTripMs));
  }

  /** The size of the next piece at most: half of what may be on the way. */
  get pieceBytes(): number {
    const half = this.limitBytes / 2;
    if (half >= PROTOCOL_LIMITS.maxChunkPayloadBytes) return PROTOCOL_LIMITS.maxChunkPayloadBytes;
    return PIECE_SIZES.find((size) => size <= half) ?? MIN_PIECE_BYTES;
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

  /** It is full, and no answer is to come: the other side has to be asked, or it stays so. */
  get isUnasked(): boolean {
    return !this.isOpen && !this.isAsked;
  }

  /** Everything was answered. */
  get isIdle(): boolean {
    return this.answeredBytes === this.sentBytes;
  }

  /** Nothing has been on the way for so long that the link may be another one: begin with a new window. */
  isStale(nowMs: number): boolean {
    return this.isIdle && !this.isAsked && nowMs - this.answeredAtMs > KEPT_IDLE_MS;
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

  /** The other side has answered a probe, and with it all before. Gives false for an unknown marker. */
  noteAnswer(marker: number, nowMs: number): boolean {
    const index = this.probes.findIndex((probe) => probe.marker === marker);
    const probe = this.probes[index];
    if (!probe) return false;
    this.probes.splice(0, index + 1);
    this.answeredBytes = probe.sentBytes;
    this.answeredAtMs = nowMs;
    const elapsedMs = Math.max(nowMs - probe.sentAtMs, 0.1);
    this.roundTripMs = Math.min(this.roundTripMs, elapsedMs);
    const rate = (probe.sentBytes - probe.answeredBytes) / elapsedMs;
    this.bytesPerMs = Math.max(rate, this.bytesPerMs * RATE_KEPT);
    return true;
  }
}
