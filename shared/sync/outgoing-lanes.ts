import { type Disposable, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import {
  type Chunk,
  type ClientMessage,
  clientMessageCodec,
  PROTOCOL_LIMITS,
  type RelayMessage,
  splitIntoChunks,
} from '../protocol/index.ts';
import { BulkWindow } from './bulk-window.ts';
import type { MessageSocket } from './message-socket.ts';

/** More than this waiting in the socket holds pieces of large messages back. */
const HIGH_WATER_BYTES = 256 * 1024;
/** More than this waiting in the socket holds bulk changes back. */
const BULK_HIGH_WATER_BYTES = 64 * 1024;
const RETRY_MS = 5;
/** A relay that has not answered a bulk change for so long is not waited for any more. */
const STALL_MS = 10_000;
/** Fewer than the relay takes (SPEC CH3), so that a stream that it has not finished counting never breaks the rule. */
const MAX_OPEN_STREAMS = 8;
const CONTROL_LANE = -1;

interface OpenStream {
  readonly pieces: Iterator<Chunk>;
  readonly totalBytes: number;
}

interface QueuedMessage {
  readonly message: ClientMessage;
  readonly encoded: Uint8Array;
}

interface Lane {
  readonly queue: QueuedMessage[];
  stream: OpenStream | undefined;
}

/**
 * Sends messages in order within each document, and lets the documents take turns while large messages leave in chunks
 * (SPEC CH1). What belongs to a bulk change leaves little by little, so that nothing else waits behind it.
 */
export class OutgoingLanes implements Disposable {
  private readonly socket: MessageSocket;
  private readonly scheduler: Scheduler;
  private readonly lanes = new Map<number, Lane>();
  /** All of it waits behind other documents. May be very many. */
  private readonly bulkLanes = new Map<number, Lane>();
  /** Those of them with a large message under way. */
  private readonly bulkStreams = new Map<number, Lane>();
  private readonly bulk = new BulkWindow();
  private readonly retry = new MutableDisposable<Disposable>();
  private readonly stall = new MutableDisposable<Disposable>();
  private nextStream = 0;
  private openStreams = 0;
  private openBytes = 0;

  constructor(socket: MessageSocket, scheduler: Scheduler) {
    this.socket = socket;
    this.scheduler = scheduler;
  }

  /** Throws {@link ProtocolError} when the message breaks a limit. `isBulk`: it waits behind other documents. */
  send(message: ClientMessage, isBulk = false): void {
    const encoded = clientMessageCodec.encode(message);
    const laneId = 'handle' in message ? message.handle : CONTROL_LANE;
    const bulkLane = this.bulkLanes.get(laneId);
    const lane = bulkLane ?? this.lanes.get(laneId);
    if (!lane && !isBulk && encoded.byteLength <= PROTOCOL_LIMITS.maxFrameBytes) {
      this.socket.send(encoded);
      if (message.type === 'close') this.bulk.sent(message, encoded.byteLength);
      return;
    }
    const { queue, stream } = lane ?? { queue: [], stream: undefined };
    queue.push({ message, encoded });
    if (!lane) (isBulk ? this.bulkLanes : this.lanes).set(laneId, { queue, stream });
    else if (isBulk && !bulkLane) this.makeBulk(laneId, lane);
    this.sendSome();
  }

  /** Takes note of what the relay answers: more of a bulk change may leave then. */
  answered(message: RelayMessage): void {
    if (!this.bulk.answered(message)) return;
    this.stall.value = undefined;
    if (this.isWaiting) this.sendSome();
  }

  private get isWaiting(): boolean {
    return this.lanes.size > 0 || this.bulkLanes.size > 0;
  }

  private makeBulk(laneId: number, lane: Lane): void {
    this.lanes.delete(laneId);
    this.bulkLanes.set(laneId, lane);
    if (lane.stream) this.bulkStreams.set(laneId, lane);
  }

  private sendSome(): void {
    let isProgressing = true;
    while (isProgressing) isProgressing = [this.sendOfEach(), this.sendOfBulk()].includes(true);
    this.scheduleNext();
  }

  private sendOfEach(): boolean {
    let isProgressing = false;
    for (const [laneId, lane] of this.lanes) {
      if (this.socket.bufferedBytes >= HIGH_WATER_BYTES) break;
      isProgressing = this.sendPiece(lane, false) || isProgressing;
      if (isEmpty(lane)) this.lanes.delete(laneId);
    }
    return isProgressing;
  }

  /** The first that has to wait ends it: there may be very many behind it, of which hardly any could be sent. */
  private sendOfBulk(): boolean {
    let isProgressing = false;
    for (const [laneId, lane] of this.bulkStreams) isProgressing = this.sendBulkPiece(laneId, lane) || isProgressing;
    for (const [laneId, lane] of this.bulkLanes) {
      if (lane.stream) continue;
      if (!this.sendBulkPiece(laneId, lane)) break;
      isProgressing = true;
    }
    return isProgressing;
  }

  private sendBulkPiece(laneId: number, lane: Lane): boolean {
    if (this.socket.bufferedBytes >= BULK_HIGH_WATER_BYTES || !this.sendPiece(lane, true)) return false;
    if (lane.stream) this.bulkStreams.set(laneId, lane);
    else this.bulkStreams.delete(laneId);
    if (isEmpty(lane)) this.bulkLanes.delete(laneId);
    return true;
  }

  private scheduleNext(): void {
    const areAnswersAwaited = this.lanes.size === 0 && this.awaitsAnswers;
    const isRetrying = this.isWaiting && !areAnswersAwaited;
    this.retry.value = isRetrying ? this.scheduler.schedule(() => this.sendSome(), RETRY_MS) : undefined;
    if (areAnswersAwaited) this.stall.value ??= this.scheduler.schedule(() => this.stopWaiting(), STALL_MS);
    else this.stall.value = undefined;
  }

  /** Whether what comes next of a bulk change waits for answers to what has left. */
  private get awaitsAnswers(): boolean {
    const [next] = this.bulkLanes.values();
    return this.bulkStreams.size === 0 && next !== undefined && !this.hasRoomFor(next);
  }

  private hasRoomFor({ queue: [next] }: Lane): boolean {
    return next !== undefined && this.bulk.hasRoomFor(next.encoded.byteLength);
  }

  private stopWaiting(): void {
    this.stall.value = undefined;
    this.bulk.clear();
    this.sendSome();
  }

  /** Returns false when nothing of the lane can be sent now. */
  private sendPiece(lane: Lane, isBulk: boolean): boolean {
    if (!lane.stream) {
      const [next] = lane.queue;
      if (!next || (isBulk && !this.hasRoomFor(lane))) return false;
      const { message, encoded } = next;
      if (encoded.byteLength <= PROTOCOL_LIMITS.maxFrameBytes) {
        lane.queue.shift();
        this.socket.send(encoded);
        if (isBulk) this.bulk.sent(message, encoded.byteLength);
        return true;
      }
      if (!this.beginStream(lane, encoded)) return false;
      if (isBulk) this.bulk.sent(message, encoded.byteLength);
    }
    const piece = lane.stream?.pieces.next();
    if (!piece || piece.done) {
      this.endStream(lane);
      return true;
    }
    this.socket.send(clientMessageCodec.encode(piece.value));
    return true;
  }

  private beginStream(lane: Lane, encoded: Uint8Array): boolean {
    const totalBytes = encoded.byteLength;
    const fits = this.openBytes + totalBytes <= PROTOCOL_LIMITS.maxMessageBytes;
    if (this.openStreams >= MAX_OPEN_STREAMS || (this.openStreams > 0 && !fits)) return false;
    lane.queue.shift();
    lane.stream = { pieces: splitIntoChunks(this.nextStream++, encoded), totalBytes };
    this.openStreams++;
    this.openBytes += totalBytes;
    return true;
  }

  private endStream(lane: Lane): void {
    this.openStreams--;
    this.openBytes -= lane.stream?.totalBytes ?? 0;
    lane.stream = undefined;
  }

  dispose(): void {
    this.lanes.clear();
    this.bulkLanes.clear();
    this.bulkStreams.clear();
    this.bulk.clear();
    this.retry.dispose();
    this.stall.dispose();
  }
}

function isEmpty({ stream, queue }: Lane): boolean {
  return !stream && queue.length === 0;
}
