import type { Disposable, Scheduler } from '../../lifecycle/index.ts';

/** The smallest piece: one takes a third of a second at 15 kB/s. */
export const MIN_PIECE_BYTES = 4 * 1024;
/** A part takes two at least, so that one of them is measured. */
const MAX_PIECE_BYTES = 512 * 1024;
const MAX_WINDOW_BYTES = 4 * 1024 * 1024;
const MAX_PLACES = 8;
/** So much of it for each of several at once. */
const PLACE_BYTES = 16 * 1024;
/** For so long what others send may stand behind what is on the way; on a long way for half of what that takes. */
const MAX_HOLD_MS = 250;
/** At once: some lines carry the first of what is sent more quickly than the rest. */
const MAX_GROWTH = 8;
/** The shortest round trip is measured anew so often, with a small piece alone on the line. */
const MEASURE_EVERY_MS = 30_000;

/** A part that is on its way. Dispose it when it has arrived, or is given up. */
export interface LinePlace extends Disposable {
  /**
   * Resolves with how many bytes of `wantedBytes` may go now, once it is this part's turn. `answered` or `failed` has to
   * follow before the next one.
   */
  turn(wantedBytes: number): Promise<number>;
  /** They have arrived. `isMeasured`: nothing else took time but their way. */
  answered(isMeasured: boolean): void;
  /** `isLost`: nobody has answered, or it came too slowly. */
  failed(isLost: boolean): void;
}

interface Waiting {
  readonly wantedBytes: number;
  readonly resolve: (bytes: number) => void;
}

/**
 * Transfers of one direction over one line, which is usually that of somebody who types, too: however slow it is, little
 * more is on the way than it carries, so that nothing else waits long behind it. They go in pieces whose size follows how
 * long the last ones took; on a slow line one part after the other, in the order in which they came.
 */
export class TransferLine {
  private readonly clock: Pick<Scheduler, 'elapsedMs'>;
  private readonly places: Place[] = [];
  private windowBytes = MIN_PIECE_BYTES;
  private shortestMs = Infinity;
  /** Undefined: a piece alone on the line has to tell. */
  private measuredAtMs: number | undefined;
  private isMeasuring = false;

  constructor(clock: Pick<Scheduler, 'elapsedMs'>) {
    this.clock = clock;
  }

  enter(): LinePlace {
    const place = new Place(this, this.clock);
    this.places.push(place);
    return place;
  }

  /** It may be another line now: it is found out anew what it carries. */
  reset(): void {
    this.windowBytes = MIN_PIECE_BYTES;
    this.shortestMs = Infinity;
    this.measuredAtMs = undefined;
  }

  /** For {@link Place}: lets those go on whose turn it is. */
  serve(): void {
    for (const place of this.places.slice(0, this.width)) {
      if (!place.isWaiting || this.isMeasuring) continue;
      const isAlone = !this.places.some(({ isSending }) => isSending);
      if (!this.isMeasureDue) place.grant(this.pieceBytes);
      else if (isAlone) {
        this.isMeasuring = true;
        place.grant(MIN_PIECE_BYTES);
      }
    }
  }

  /** For {@link Place}: `bytes` have arrived after `tookMs`. */
  noteArrived(bytes: number, tookMs: number, isMeasured: boolean): void {
    const { isMeasuring } = this;
    this.isMeasuring = false;
    if (isMeasuring && (isMeasured || this.shortestMs === Infinity)) {
      this.measuredAtMs = this.clock.elapsedMs();
      this.shortestMs = tookMs;
      if (this.windowBytes === MIN_PIECE_BYTES) this.grow(MIN_PIECE_BYTES, tookMs);
    } else if (isMeasured) this.adapt(bytes, tookMs);
    this.serve();
  }

  /** For {@link Place}. */
  noteFailed(isLost: boolean): void {
    this.isMeasuring = false;
    if (isLost) this.reset();
    this.serve();
  }

  /** For {@link Place}. */
  leave(place: Place): void {
    const index = this.places.indexOf(place);
    if (index >= 0) this.places.splice(index, 1);
    this.serve();
  }

  private adapt(bytes: number, tookMs: number): void {
    this.shortestMs = Math.min(this.shortestMs, tookMs);
    const { maxHoldMs } = this;
    const heldMs = tookMs - this.shortestMs;
    const isFull = bytes >= this.pieceBytes;
    // Of several on the way each does its share.
    const share = Math.min(bytes, this.windowBytes);
    if (heldMs > maxHoldMs) this.setWindow(this.windowBytes - share * Math.min(0.5, (heldMs - maxHoldMs) / tookMs));
    else if (isFull && heldMs < maxHoldMs / 2) this.grow(share, tookMs);
    else if (isFull) this.setWindow(this.windowBytes + (share * (maxHoldMs - heldMs)) / tookMs);
  }

  /** `bytes` have arrived as if nothing else was on the line, which may carry far more. */
  private grow(bytes: number, tookMs: number): void {
    const carriedBytes = (bytes * this.maxHoldMs) / Math.max(tookMs, 1);
    this.setWindow(Math.max(this.windowBytes + bytes, Math.min(carriedBytes, MAX_GROWTH * this.windowBytes)));
  }

  private setWindow(bytes: number): void {
    this.windowBytes = Math.round(Math.min(MAX_WINDOW_BYTES, Math.max(MIN_PIECE_BYTES, bytes)));
  }

  private get maxHoldMs(): number {
    return Math.max(MAX_HOLD_MS, this.shortestMs / 2);
  }

  /** What is smaller, and takes longer all the same, is not held up by what is sent here: the way has become longer. */
  private get isMeasureDue(): boolean {
    const { measuredAtMs, windowBytes } = this;
    if (measuredAtMs === undefined || windowBytes === MIN_PIECE_BYTES) return true;
    return this.clock.elapsedMs() - measuredAtMs >= MEASURE_EVERY_MS;
  }

  /** How many may be on the way at once. */
  private get width(): number {
    return Math.max(1, Math.min(MAX_PLACES, Math.floor(this.windowBytes / PLACE_BYTES)));
  }

  private get pieceBytes(): number {
    const sharers = Math.max(1, Math.min(this.width, this.places.length));
    return Math.min(MAX_PIECE_BYTES, Math.max(MIN_PIECE_BYTES, Math.floor(this.windowBytes / sharers)));
  }
}

class Place implements LinePlace {
  private readonly line: TransferLine;
  private readonly clock: Pick<Scheduler, 'elapsedMs'>;
  private waiting: Waiting | undefined;
  private sending: { readonly bytes: number; readonly sinceMs: number } | undefined;

  constructor(line: TransferLine, clock: Pick<Scheduler, 'elapsedMs'>) {
    this.line = line;
    this.clock = clock;
  }

  get isWaiting(): boolean {
    return this.waiting !== undefined;
  }

  get isSending(): boolean {
    return this.sending !== undefined;
  }

  turn(wantedBytes: number): Promise<number> {
    return new Promise((resolve) => {
      this.waiting = { wantedBytes, resolve };
      this.line.serve();
    });
  }

  grant(maxBytes: number): void {
    const { waiting } = this;
    if (!waiting) return;
    this.waiting = undefined;
    const bytes = Math.min(maxBytes, waiting.wantedBytes);
    this.sending = { bytes, sinceMs: this.clock.elapsedMs() };
    waiting.resolve(bytes);
  }

  answered(isMeasured: boolean): void {
    const { sending } = this;
    this.sending = undefined;
    if (sending) this.line.noteArrived(sending.bytes, this.clock.elapsedMs() - sending.sinceMs, isMeasured);
  }

  failed(isLost: boolean): void {
    if (!this.sending) return;
    this.sending = undefined;
    this.line.noteFailed(isLost);
  }

  dispose(): void {
    this.failed(false);
    this.line.leave(this);
  }
}
