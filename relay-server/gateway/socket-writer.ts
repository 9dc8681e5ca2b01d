import type { Duplex } from 'node:stream';

/** Patient frames wait so long for others of the same socket. */
const PATIENCE_MS = 20;
/** Up to here what leaves together is copied into one piece, which costs less than handing over many small ones. */
const MAX_JOINED_BYTES = 64 * 1024;
const MAX_MEAN_JOINED_BYTES = 4 * 1024;

let thisTurn: SocketWriter[] = [];
let soon: SocketWriter[] = [];
let joinedParts: readonly Buffer[] = [];
let joined: Buffer = Buffer.alloc(0);

/** One piece of several. Many sockets get the same ones after each other, and then share it; nobody may change it. */
function join(parts: readonly Buffer[], byteLength: number): Buffer {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  if (parts.length === joinedParts.length && parts.every((part, index) => part === joinedParts[index])) return joined;
  joinedParts = parts;
  joined = Buffer.concat(parts, byteLength);
  return joined;
}

function forgetJoined(): void {
  joinedParts = [];
  joined = Buffer.alloc(0);
}

function flushTurn(): void {
  const writers = thisTurn;
  thisTurn = [];
  for (const writer of writers) writer.flush();
  forgetJoined();
}

function flushSoon(): void {
  const writers = soon;
  soon = [];
  for (const writer of writers) writer.flush();
  forgetJoined();
}

/**
 * Collects what goes to one socket, so that it leaves in one write at the end of the turn of the event loop: a write
 * costs far more than the few bytes of an edit. The order is kept.
 */
export class SocketWriter {
  private readonly stream: Duplex;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private isDueThisTurn = false;
  private isDueSoon = false;

  constructor(stream: Duplex) {
    this.stream = stream;
  }

  /** Everything that has not left. */
  get bufferedBytes(): number {
    return this.waitingBytes + this.stream.writableLength;
  }

  /** `isPatient`: it may wait a little for something else that goes the same way. */
  push(buffers: readonly Buffer[], isPatient: boolean): void {
    for (const buffer of buffers) {
      this.waiting.push(buffer);
      this.waitingBytes += buffer.byteLength;
    }
    if (this.isDueThisTurn) return;
    if (!isPatient) {
      this.isDueThisTurn = true;
      if (thisTurn.push(this) === 1) setImmediate(flushTurn);
    } else if (!this.isDueSoon) {
      this.isDueSoon = true;
      if (soon.push(this) === 1) setTimeout(flushSoon, PATIENCE_MS).unref();
    }
  }

  /** Hands everything to the stream now. */
  flush(): void {
    this.isDueThisTurn = false;
    this.isDueSoon = false;
    const { waiting, waitingBytes, stream } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    this.waitingBytes = 0;
    if (!stream.writable) return;
    const isWorthJoining = waitingBytes <= Math.min(MAX_JOINED_BYTES, waiting.length * MAX_MEAN_JOINED_BYTES);
    if (waiting.length === 1 || isWorthJoining) stream.write(join(waiting, waitingBytes));
    else {
      stream.cork();
      for (const buffer of waiting) stream.write(buffer);
      stream.uncork();
    }
  }

  /** Forgets what has not been handed over. */
  clear(): void {
    this.waiting = [];
    this.waitingBytes = 0;
  }
}
