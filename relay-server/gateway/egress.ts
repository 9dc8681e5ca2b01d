import { PROTOCOL_LIMITS, relayMessageCodec, type RelayMessage, splitIntoChunks } from '../../shared/protocol/index.ts';
import type { Lane } from '../rooms/outlet.ts';
import type { ServerSocket } from './server-socket.ts';

interface Outgoing {
  /** The frames that are left; chunks are cut when their turn comes. */
  readonly frames: Iterator<Uint8Array, void>;
  remainingBytes: number;
  readonly onSent: (() => void) | undefined;
}

/** In the order in which they are served. */
const LANES: readonly Lane[] = ['control', 'edits', 'presence', 'bulk'];
/** So much may wait in the socket; the rest waits in the lanes, where a small message can still get ahead. */
const SOCKET_BUFFER_BYTES = 256 * 1024;

/** The queues of one connection (SPEC CH1): lanes are served in turn, so that a large message delays no small one. */
export class Egress {
  private readonly socket: ServerSocket;
  private readonly lanes: Readonly<Record<Lane, Outgoing[]>> = { control: [], edits: [], presence: [], bulk: [] };
  private readonly laneBytes: Record<Lane, number> = { control: 0, edits: 0, presence: 0, bulk: 0 };
  private nextStream = 0;
  private isPumping = false;

  constructor(socket: ServerSocket) {
    this.socket = socket;
  }

  /** Bytes of live messages that the client has not taken. */
  get liveBacklogBytes(): number {
    const { control, edits, presence } = this.laneBytes;
    return control + edits + presence;
  }

  /** Everything that the client has not taken. */
  get backlogBytes(): number {
    return this.liveBacklogBytes + this.laneBytes.bulk + this.socket.bufferedBytes;
  }

  send(message: RelayMessage, lane: Lane, onSent?: () => void): void {
    const encoded = relayMessageCodec.encode(message);
    const frames =
      encoded.byteLength <= PROTOCOL_LIMITS.maxFrameBytes ? [encoded][Symbol.iterator]() : this.cut(encoded);
    this.enqueue(lane, { frames, remainingBytes: encoded.byteLength, onSent });
  }

  sendFrame(frame: Uint8Array, lane: Lane): void {
    // The usual case needs no queue.
    if (this.liveBacklogBytes === 0 && this.laneBytes.bulk === 0 && this.socket.bufferedBytes < SOCKET_BUFFER_BYTES) {
      return this.socket.send(frame);
    }
    this.enqueue(lane, { frames: [frame][Symbol.iterator](), remainingBytes: frame.byteLength, onSent: undefined });
  }

  /** Sends as much as the socket takes. Call it when the socket has drained. */
  pump(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    try {
      while (this.sendRound()) {
        // Each round takes one frame of every lane.
      }
    } finally {
      this.isPumping = false;
    }
  }

  private sendRound(): boolean {
    let hasSent = false;
    for (const lane of LANES) {
      if (this.socket.bufferedBytes >= SOCKET_BUFFER_BYTES) return false;
      if (this.sendOne(lane)) hasSent = true;
    }
    return hasSent;
  }

  /** Drops everything that was not sent. */
  clear(): void {
    for (const lane of LANES) {
      this.lanes[lane].length = 0;
      this.laneBytes[lane] = 0;
    }
  }

  private enqueue(lane: Lane, outgoing: Outgoing): void {
    this.lanes[lane].push(outgoing);
    this.laneBytes[lane] += outgoing.remainingBytes;
    this.pump();
  }

  private sendOne(lane: Lane): boolean {
    const outgoing = this.lanes[lane][0];
    if (!outgoing) return false;
    const next = outgoing.frames.next();
    if (!next.done) {
      const sentBytes = Math.min(outgoing.remainingBytes, next.value.byteLength);
      outgoing.remainingBytes -= sentBytes;
      this.laneBytes[lane] -= sentBytes;
      this.socket.send(next.value);
      if (outgoing.remainingBytes > 0) return true;
    }
    this.lanes[lane].shift();
    this.laneBytes[lane] -= outgoing.remainingBytes;
    outgoing.onSent?.();
    return true;
  }

  private *cut(message: Uint8Array): Generator<Uint8Array, void> {
    const stream = this.nextStream++;
    for (const chunk of splitIntoChunks(stream, message)) yield relayMessageCodec.encode(chunk);
  }
}
