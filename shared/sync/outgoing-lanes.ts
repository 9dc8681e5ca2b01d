import { type Disposable, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import { type ClientMessage, clientMessageCodec, PROTOCOL_LIMITS, type RelayMessage } from '../protocol/index.ts';
import { BulkWindow } from './bulk-window.ts';
import type { MessageSocket } from './message-socket.ts';
import { OutgoingLine } from './outgoing-line.ts';

/** What is no larger is sent as it is, unless it belongs to a bulk change: it may be what somebody types. */
const MAX_LIVE_BYTES = 4 * 1024;
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
  readonly stream: number;
  readonly encoded: Uint8Array;
  /** How much of it was sent. */
  offset: number;
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
 * (SPEC CH1), no more of them at a time than the line carries (SPEC CH5). What belongs to a bulk change leaves little by
 * little, so that nothing else waits behind it.
 */
export class OutgoingLanes implements Disposable {
  private readonly socket: MessageSocket;
  private readonly scheduler: Scheduler;
  private readonly lanes = new Map<number, Lane>();
  /** All of it waits behind other documents. May be very many. */
  private readonly bulkLanes = new Map<number, Lane>();
  /** Those of them with a large message under way. */
  private readonly bulkStreams = new Map<number, Lane>();
  private readonly bulk: BulkWindow;
  private readonly line: OutgoingLine;
  private readonly retry = new MutableDisposable<Disposable>();
  private readonly stall = new MutableDisposable<Disposable>();
  private nextStream = 0;
  private openStreams = 0;
  private openBytes = 0;

  /** `nextNonce` numbers the pings of the connection. */
  constructor(socket: MessageSocket, scheduler: Scheduler, nextNonce: () => number) {
    this.socket = socket;
    this.scheduler = scheduler;
    this.bulk = new BulkWindow(scheduler);
    const probe = () => {
      const nonce = nextNonce();
      socket.send(clientMessageCodec.encode({ type: 'ping', nonce }));
      return nonce;
    };
    this.line = new OutgoingLine({ scheduler, probe, onDidOpen: () => this.isWaiting && this.sendSome() });
  }

  /** Throws {@link ProtocolError} when the message breaks a limit. `isBulk`: it waits behind other documents. */
  send(message: ClientMessage, isBulk = false): void {
    const encoded = clientMessageCodec.encode(message);
    const laneId = 'handle' in message ? message.handle : CONTROL_LANE;
    const bulkLane = this.bulkLanes.get(laneId);
    const lane = bulkLane ?? this.lanes.get(laneId);
    const maxLiveBytes = laneId === CONTROL_LANE ? PROTOCOL_LIMITS.maxFrameBytes : MAX_LIVE_BYTES;
    if (!lane && !isBulk && encoded.byteLength <= maxLiveBytes) {
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

  /** Takes note of what the relay answers: more of a large message, or of a bulk change, may leave then. */
  answered(message: RelayMessage): void {
    if (message.type === 'pong') return this.line.answered(message.nonce);
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
    while (this.sendOfEach() || this.sendOfBulk()) {
      // Each round takes a piece of each, of a bulk change only what the others leave room for.
    }
    this.scheduleNext();
  }

  private sendOfEach(): boolean {
    let isProgressing = false;
    for (const [laneId, lane] of [...this.lanes]) {
      if (this.socket.bufferedBytes >= HIGH_WATER_BYTES) break;
      if (!this.sendPiece(lane, false)) continue;
      isProgressing = true;
      // It is the turn of the others, although the line may take one piece only.
      this.lanes.delete(laneId);
      if (!isEmpty(lane)) this.lanes.set(laneId, lane);
    }
    return isProgressing;
  }

  /** The first that has to wait ends it: there may be very many behind it, of which hardly any could be sent. */
  private sendOfBulk(): boolean {
    let isProgressing = false;
    for (const [laneId, lane] of [...this.bulkStreams])
      isProgressing = this.sendBulkPiece(laneId, lane) || isProgressing;
    for (const [laneId, lane] of this.bulkLanes) {
      if (lane.stream) continue;
      if (!this.sendBulkPiece(laneId, lane)) break;
      isProgressing = true;
    }
    return isProgressing;
  }

  private sendBulkPiece(laneId: number, lane: Lane): boolean {
    if (this.socket.bufferedBytes >= BULK_HIGH_WATER_BYTES || !this.sendPiece(lane, true)) return false;
    this.bulkStreams.delete(laneId);
    if (lane.stream) this.bulkStreams.set(laneId, lane);
    if (isEmpty(lane)) this.bulkLanes.delete(laneId);
    return true;
  }

  private scheduleNext(): void {
    const areAnswersAwaited = this.lanes.size === 0 && this.awaitsAnswers;
    const isRetrying = this.isWaiting && !areAnswersAwaited && this.line.isOpen;
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
    return next !== undefined && this.bulk.hasRoomFor(next.message, next.encoded.byteLength);
  }

  private stopWaiting(): void {
    this.stall.value = undefined;
    this.bulk.clear();
    this.sendSome();
  }

  /** Returns false when nothing of the lane can be sent now. */
  private sendPiece(lane: Lane, isBulk: boolean): boolean {
    if (lane.stream) return this.sendChunk(lane, lane.stream);
    const [next] = lane.queue;
    if (!next) return false;
    const { message, encoded } = next;
    const { byteLength } = encoded;
    if (!isBulk && byteLength <= MAX_LIVE_BYTES) {
      lane.queue.shift();
      this.socket.send(encoded);
      return true;
    }
    if (!this.line.isOpen || (isBulk && !this.hasRoomFor(lane))) return false;
    if (byteLength <= this.line.begin()) {
      lane.queue.shift();
      this.socket.send(encoded);
      this.line.sent(byteLength, !this.hasMore(lane));
    } else if (!this.beginStream(lane, encoded)) {
      return false;
    }
    if (isBulk) this.bulk.sent(message, byteLength);
    return true;
  }

  private beginStream(lane: Lane, encoded: Uint8Array): boolean {
    const fits = this.openBytes + encoded.byteLength <= PROTOCOL_LIMITS.maxMessageBytes;
    if (this.openStreams >= MAX_OPEN_STREAMS || (this.openStreams > 0 && !fits)) return false;
    lane.queue.shift();
    const begun = { stream: this.nextStream++, encoded, offset: 0 };
    lane.stream = begun;
    this.openStreams++;
    this.openBytes += encoded.byteLength;
    return this.sendChunk(lane, begun);
  }

  private sendChunk(lane: Lane, begun: OpenStream): boolean {
    if (!this.line.isOpen) return false;
    const { stream, encoded, offset } = begun;
    const totalBytes = encoded.byteLength;
    const payload = encoded.subarray(offset, offset + this.line.begin());
    this.socket.send(clientMessageCodec.encode({ type: 'chunk', stream, totalBytes, offset, payload }));
    begun.offset += payload.byteLength;
    if (begun.offset === totalBytes) {
      this.openStreams--;
      this.openBytes -= totalBytes;
      lane.stream = undefined;
    }
    this.line.sent(payload.byteLength, !this.hasMore(lane));
    return true;
  }

  /** Whether anything waits besides what was taken out of `lane`, or in it. */
  private hasMore(lane: Lane): boolean {
    return !isEmpty(lane) || this.lanes.size + this.bulkLanes.size > 1;
  }

  dispose(): void {
    this.lanes.clear();
    this.bulkLanes.clear();
    this.bulkStreams.clear();
    this.bulk.clear();
    this.line.dispose();
    this.retry.dispose();
    this.stall.dispose();
  }
}

function isEmpty({ stream, queue }: Lane): boolean {
  return !stream && queue.length === 0;
}
