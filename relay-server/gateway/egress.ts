import type { Scheduler } from '../../shared/lifecycle/index.ts';
import { PROTOCOL_LIMITS, type RelayMessage } from '../../shared/protocol/index.ts';
import type { Lane } from '../rooms/outlet.ts';
import { BulkFlow } from './bulk-flow.ts';
import { type BulkSender, type BulkTurns, bulkTurns } from './bulk-turns.ts';
import { LaneQueue } from './lane-queue.ts';
import type { ServerSocket } from './server-socket.ts';
import { cutForBulk, encodeForMany, type LargeMessage } from './shared-encoding.ts';

/** In the order in which they are served; `bulk` has turns of its own. */
const LIVE_LANES = ['control', 'edits', 'presence'] as const satisfies readonly Lane[];
/** So much may wait in the socket; the rest waits in the lanes, where a small message can still get ahead. */
const SOCKET_BUFFER_BYTES = 256 * 1024;
/** Beyond it, so that bulk gets its share while live messages fill the socket. */
const BULK_SOCKET_BUFFER_BYTES = SOCKET_BUFFER_BYTES + PROTOCOL_LIMITS.maxFrameBytes;
/** Nobody waits for them, so that they may leave together with what somebody does wait for. */
const PATIENT_MESSAGES: ReadonlySet<RelayMessage['type']> = new Set(['ack', 'committed', 'seen', 'digests']);

/**
 * The queues of one connection (SPEC CH1, CH4): live messages leave in turn, at once; large ones behind them piece by
 * piece, no more than the client's link holds and no more in one turn than leaves room for other connections.
 */
export class Egress implements BulkSender {
  private readonly socket: ServerSocket;
  private readonly scheduler: Scheduler;
  private readonly turns: BulkTurns;
  /** Once something had to wait. */
  private lanes: Readonly<Record<Lane, LaneQueue>> | undefined;
  private handedBytes = 0;
  private isPumping = false;
  /** Messages in all lanes. */
  private waiting = 0;
  /** Once there was something large to send. */
  private flow: BulkFlow | undefined;

  constructor(socket: ServerSocket, scheduler: Scheduler, turns = bulkTurns) {
    this.socket = socket;
    this.scheduler = scheduler;
    this.turns = turns;
  }

  /** Bytes of live messages that the client has not taken. */
  get liveBacklogBytes(): number {
    // The usual case, asked for with each message.
    if (this.waiting === 0 || !this.lanes) return 0;
    const { control, edits, presence } = this.lanes;
    return control.bytes + edits.bytes + presence.bytes;
  }

  /** Everything that the client has not taken. */
  get backlogBytes(): number {
    return this.liveBacklogBytes + (this.lanes?.bulk.bytes ?? 0) + this.socket.bufferedBytes;
  }

  /** What the client has taken in all; it stands still when the client does not read. */
  get takenBytes(): number {
    return this.handedBytes - this.socket.bufferedBytes;
  }

  send(message: RelayMessage, lane: Lane, onSent?: () => void): void {
    const whole = encodeForMany(message);
    const encoded = lane === 'bulk' ? cutForBulk(whole) : whole;
    if (encoded instanceof Uint8Array && this.isFree) {
      this.turns.noteLive();
      this.hand(encoded, PATIENT_MESSAGES.has(message.type));
      onSent?.();
      return;
    }
    this.enqueue(encoded, lane, onSent);
  }

  /** Sends a frame when nothing has to wait; gives false else. */
  sendAtOnce(frame: Uint8Array): boolean {
    if (!this.isFree) return false;
    this.turns.noteLive();
    this.hand(frame);
    return true;
  }

  sendFrame(frame: Uint8Array, lane: Lane): void {
    // Other protocols have no chunks.
    const isLarge = frame.byteLength > PROTOCOL_LIMITS.maxFrameBytes;
    if (isLarge || !this.sendAtOnce(frame)) this.enqueue(frame, lane, undefined);
  }

  /** Nothing waits, so that no queue is needed. */
  private get isFree(): boolean {
    return this.waiting === 0 && this.socket.bufferedBytes < SOCKET_BUFFER_BYTES;
  }

  /** Sends as much as the socket takes. Call it when the socket has drained. */
  pump(): void {
    if (this.isPumping || this.waiting === 0) return;
    this.isPumping = true;
    try {
      while (this.sendRound()) {
        // Each round takes one frame of every lane.
      }
    } finally {
      this.isPumping = false;
    }
    if (this.lanes && this.lanes.bulk.length > 0) this.turns.request(this);
  }

  private sendRound(): boolean {
    let hasSent = false;
    for (const lane of LIVE_LANES) {
      if (this.socket.bufferedBytes >= SOCKET_BUFFER_BYTES) return false;
      if (this.sendOne(lane) > 0) hasSent = true;
    }
    return hasSent;
  }

  /** For {@link BulkTurns}. */
  sendBulkPiece(): number {
    const bulk = this.lanes?.bulk;
    if (!bulk || bulk.length === 0 || this.socket.bufferedBytes >= BULK_SOCKET_BUFFER_BYTES) return 0;
    const flow = (this.flow ??= new BulkFlow(this.socket, this.scheduler, () => this.pump()));
    flow.begin();
    if (!flow.isOpen) return 0;
    const sentBytes = this.sendOne('bulk', flow.pieceBytes);
    flow.noteSent(sentBytes, bulk.length === 0);
    return sentBytes;
  }

  /** The client has answered a ping with this marker: everything that was sent before it has arrived. */
  noteAnswer(marker: number): void {
    this.flow?.noteAnswer(marker);
  }

  /** Drops everything that was not sent. */
  clear(): void {
    this.lanes = undefined;
    this.waiting = 0;
    this.turns.forget(this);
    this.flow?.dispose();
  }

  private enqueue(message: Uint8Array | LargeMessage, lane: Lane, onSent: (() => void) | undefined): void {
    this.lanes ??= createLanes();
    this.lanes[lane].push(message, onSent);
    this.waiting++;
    this.pump();
  }

  private sendOne(lane: Lane, pieceBytes?: number): number {
    const queue = this.lanes?.[lane];
    if (!queue) return 0;
    const { length } = queue;
    const next = queue.take(pieceBytes);
    if (!next) return 0;
    this.waiting -= length - queue.length;
    this.hand(next.frame);
    next.onSent?.();
    return next.frame.byteLength;
  }

  private hand(frame: Uint8Array, isPatient = false): void {
    this.handedBytes += frame.byteLength;
    this.socket.send(frame, isPatient);
  }
}

function createLanes(): Record<Lane, LaneQueue> {
  return { control: new LaneQueue(), edits: new LaneQueue(), presence: new LaneQueue(), bulk: new LaneQueue() };
}
