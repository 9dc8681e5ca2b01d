import { PROTOCOL_LIMITS, type RelayMessage } from '../../shared/protocol/index.ts';
import type { Lane } from '../rooms/outlet.ts';
import { LaneQueue, type Outgoing } from './lane-queue.ts';
import type { ServerSocket } from './server-socket.ts';
import { encodeForMany, toChunkFrames } from './shared-encoding.ts';

/** In the order in which they are served. */
const LANES: readonly Lane[] = ['control', 'edits', 'presence', 'bulk'];
/** So much may wait in the socket; the rest waits in the lanes, where a small message can still get ahead. */
const SOCKET_BUFFER_BYTES = 256 * 1024;
/** Nobody waits for them, so that they may leave together with what somebody does wait for. */
const PATIENT_MESSAGES: ReadonlySet<RelayMessage['type']> = new Set(['ack', 'committed', 'seen']);

/** The queues of one connection (SPEC CH1): lanes are served in turn, so that a large message delays no small one. */
export class Egress {
  private readonly socket: ServerSocket;
  private readonly lanes: Readonly<Record<Lane, LaneQueue>> = {
    control: new LaneQueue(),
    edits: new LaneQueue(),
    presence: new LaneQueue(),
    bulk: new LaneQueue(),
  };
  private handedBytes = 0;
  private nextStream = 0;
  private isPumping = false;
  /** Messages in all lanes. */
  private waiting = 0;

  constructor(socket: ServerSocket) {
    this.socket = socket;
  }

  /** Bytes of live messages that the client has not taken. */
  get liveBacklogBytes(): number {
    // The usual case, asked for with each message.
    if (this.waiting === 0) return 0;
    const { control, edits, presence } = this.lanes;
    return control.bytes + edits.bytes + presence.bytes;
  }

  /** Everything that the client has not taken. */
  get backlogBytes(): number {
    return this.liveBacklogBytes + this.lanes.bulk.bytes + this.socket.bufferedBytes;
  }

  /** What the client has taken in all; it stands still when the client does not read. */
  get takenBytes(): number {
    return this.handedBytes - this.socket.bufferedBytes;
  }

  send(message: RelayMessage, lane: Lane, onSent?: () => void): void {
    const encoded = encodeForMany(message);
    const isOneFrame = encoded.byteLength <= PROTOCOL_LIMITS.maxFrameBytes;
    if (isOneFrame && this.isFree) {
      this.hand(encoded, PATIENT_MESSAGES.has(message.type));
      onSent?.();
      return;
    }
    const frames = isOneFrame ? [encoded] : toChunkFrames(encoded, this.nextStream++);
    this.enqueue(lane, { frames: frames[Symbol.iterator](), remainingBytes: encoded.byteLength, onSent });
  }

  sendFrame(frame: Uint8Array, lane: Lane): void {
    if (this.isFree) return this.hand(frame);
    this.enqueue(lane, { frames: [frame][Symbol.iterator](), remainingBytes: frame.byteLength, onSent: undefined });
  }

  /** Nothing waits, so that no queue is needed. */
  private get isFree(): boolean {
    return this.waiting === 0 && this.socket.bufferedBytes < SOCKET_BUFFER_BYTES;
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
      this.lanes[lane].clear();
    }
    this.waiting = 0;
  }

  private enqueue(lane: Lane, outgoing: Outgoing): void {
    this.lanes[lane].push(outgoing);
    this.waiting++;
    this.pump();
  }

  private sendOne(lane: Lane): boolean {
    const queue = this.lanes[lane];
    const { oldest } = queue;
    if (!oldest) return false;
    const next = oldest.frames.next();
    if (!next.done) {
      queue.consume(Math.min(oldest.remainingBytes, next.value.byteLength));
      this.hand(next.value);
      if (oldest.remainingBytes > 0) return true;
      // The connection may have ended meanwhile.
      if (queue.oldest !== oldest) return false;
    }
    queue.shift();
    this.waiting--;
    oldest.onSent?.();
    return true;
  }

  private hand(frame: Uint8Array, isPatient = false): void {
    this.handedBytes += frame.byteLength;
    this.socket.send(frame, isPatient);
  }
}
