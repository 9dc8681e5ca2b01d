import {
  type BlobAnswer,
  type BlobTransferOptions,
  CANCELLED,
  PIECE_TIMEOUT_MS,
  sendOnce,
  sendPatiently,
  toFailure,
  type TransferOutcome,
  Tries,
} from './blob-transfer.ts';
import type { LinePlace } from './transfer-line.ts';

export interface OutgoingPart {
  /** Of the part, below the address of its room. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** In lowercase hexadecimal digits. */
  readonly sha256: string;
}

export interface PartWatch {
  /** How much of it has arrived; it may become less. */
  readonly onArrived: (bytes: number) => void;
  readonly isCancelled: () => boolean;
}

/** A relay that forgets what has come so often, as one of several without a common way to them does, gets it as a whole. */
const MAX_LOSSES = 3;
/** For a whole part on a slow line: nothing is heard of it before it is there. */
const WHOLE_TIMEOUT_MS = 10 * 60_000;
const DAMAGED = 'A part of the file was damaged on its way. Try again later.';

/** Sends a part, piece by piece as the line allows. Undefined when the relay has stored it. */
export async function sendPart(
  options: BlobTransferOptions,
  part: OutgoingPart,
  watch: PartWatch,
): Promise<TransferOutcome | undefined> {
  const place = options.line.enter();
  try {
    return await new PartUpload(options, part, watch, place).run();
  } finally {
    place.dispose();
  }
}

class PartUpload {
  private readonly options: BlobTransferOptions;
  private readonly part: OutgoingPart;
  private readonly watch: PartWatch;
  private readonly place: LinePlace;
  private readonly tries: Tries;
  private arrivedBytes = 0;
  private losses = 0;

  constructor(options: BlobTransferOptions, part: OutgoingPart, watch: PartWatch, place: LinePlace) {
    this.options = options;
    this.part = part;
    this.watch = watch;
    this.place = place;
    this.tries = new Tries(options);
  }

  async run(): Promise<TransferOutcome | undefined> {
    const { bytes } = this.part;
    for (;;) {
      const pieceBytes = await this.place.turn(bytes.byteLength - this.arrivedBytes);
      if (this.watch.isCancelled()) return CANCELLED;
      const answer = await this.sendPiece(pieceBytes);
      if (answer.kind === 'done') {
        const received = answer.status === 202 ? readReceived(answer.body, bytes.byteLength) : undefined;
        if (received === undefined) return undefined;
        this.noteArrived(received);
        continue;
      }
      // A relay that knows no pieces.
      if (answer.status === 405) return this.sendWhole();
      if (!this.recover(answer)) {
        if (!answer.isTransient) return toFailure(answer);
        if (this.watch.isCancelled()) return CANCELLED;
        if (!(await this.tries.again())) return toFailure(answer);
      } else if (this.losses > MAX_LOSSES) return this.sendWhole();
    }
  }

  private async sendPiece(pieceBytes: number): Promise<BlobAnswer> {
    const { path, bytes, sha256 } = this.part;
    const offset = this.arrivedBytes;
    const isLast = offset + pieceBytes === bytes.byteLength;
    const answer = await sendOnce(this.options.requests, {
      ...(isLast && offset === 0
        ? { method: 'PUT', headers: { 'X-Content-SHA256': sha256 } }
        : {
            method: 'PATCH',
            headers: {
              'X-Content-SHA256': sha256,
              'Upload-Offset': String(offset),
              'Upload-Length': String(bytes.byteLength),
            },
          }),
      path,
      bytes: bytes.subarray(offset, offset + pieceBytes),
      idleTimeoutMs: this.options.pieceTimeoutMs ?? PIECE_TIMEOUT_MS,
    });
    // With the last one the relay stores the part.
    if (answer.kind === 'done') this.place.answered(!isLast);
    else this.place.failed(answer.status === undefined || answer.status === 408);
    return answer;
  }

  /** Whether it goes on from what the relay has of the part. */
  private recover({ status, body }: Extract<BlobAnswer, { kind: 'refused' }>): boolean {
    const { bytes } = this.part;
    // What came of it was damaged, and is dropped.
    const received = status === 422 ? 0 : status === 409 ? readReceived(body, bytes.byteLength) : undefined;
    if (received === undefined) return false;
    if (received <= this.arrivedBytes) this.losses++;
    this.noteArrived(received);
    return true;
  }

  /** As one piece; for relays that keep no pieces. */
  private async sendWhole(): Promise<TransferOutcome | undefined> {
    const { path, bytes, sha256 } = this.part;
    this.noteArrived(0);
    const answer = await sendPatiently(
      this.options,
      { method: 'PUT', path, bytes, headers: { 'X-Content-SHA256': sha256 }, idleTimeoutMs: WHOLE_TIMEOUT_MS },
      this.watch.isCancelled,
    );
    if (answer.kind === 'done') return undefined;
    if (answer.status === 422) return { kind: 'failed', reason: 'unavailable', explanation: DAMAGED };
    return toFailure(answer);
  }

  private noteArrived(bytes: number): void {
    if (bytes > this.arrivedBytes) this.tries.reset();
    if (bytes === this.arrivedBytes) return;
    this.arrivedBytes = bytes;
    this.watch.onArrived(bytes);
  }
}

/** How much of a part a relay says to have; undefined when it does not say, or has all of it. */
function readReceived(body: unknown, sizeBytes: number): number | undefined {
  const received: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'receivedBytes') : undefined;
  const isOffset = typeof received === 'number' && Number.isSafeInteger(received);
  return isOffset && received >= 0 && received < sizeBytes ? received : undefined;
}
