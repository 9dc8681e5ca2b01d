import { type Disposable, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import {
  type Chunk,
  type ClientMessage,
  clientMessageCodec,
  PROTOCOL_LIMITS,
  splitIntoChunks,
} from '../protocol/index.ts';
import type { MessageSocket } from './message-socket.ts';

/** More than this waiting in the socket holds pieces of large messages back. */
const HIGH_WATER_BYTES = 256 * 1024;
const RETRY_MS = 5;
/** Fewer than the relay takes (SPEC CH3), so that a stream that it has not finished counting never breaks the rule. */
const MAX_OPEN_STREAMS = 8;
const CONTROL_LANE = -1;

interface OpenStream {
  readonly pieces: Iterator<Chunk>;
  readonly totalBytes: number;
}

interface Lane {
  readonly queue: Uint8Array[];
  stream: OpenStream | undefined;
}

/**
 * Sends messages in order within each document, and lets the documents take turns while large messages leave in chunks
 * (SPEC CH1).
 */
export class OutgoingLanes implements Disposable {
  private readonly socket: MessageSocket;
  private readonly scheduler: Scheduler;
  private readonly lanes = new Map<number, Lane>();
  private readonly retry = new MutableDisposable<Disposable>();
  private nextStream = 0;
  private openStreams = 0;
  private openBytes = 0;

  constructor(socket: MessageSocket, scheduler: Scheduler) {
    this.socket = socket;
    this.scheduler = scheduler;
  }

  /** Throws {@link ProtocolError} when the message breaks a limit. */
  send(message: ClientMessage): void {
    const encoded = clientMessageCodec.encode(message);
    const laneId = 'handle' in message ? message.handle : CONTROL_LANE;
    const lane = this.lanes.get(laneId);
    if (!lane && encoded.byteLength <= PROTOCOL_LIMITS.maxFrameBytes) {
      this.socket.send(encoded);
      return;
    }
    if (lane) lane.queue.push(encoded);
    else this.lanes.set(laneId, { queue: [encoded], stream: undefined });
    this.sendSome();
  }

  private sendSome(): void {
    let isProgressing = true;
    while (isProgressing && this.lanes.size > 0) {
      isProgressing = false;
      for (const [laneId, lane] of this.lanes) {
        if (this.socket.bufferedBytes >= HIGH_WATER_BYTES) break;
        isProgressing = this.sendPiece(lane) || isProgressing;
        if (!lane.stream && lane.queue.length === 0) this.lanes.delete(laneId);
      }
    }
    this.retry.value = this.lanes.size > 0 ? this.scheduler.schedule(() => this.sendSome(), RETRY_MS) : undefined;
  }

  private sendPiece(lane: Lane): boolean {
    if (!lane.stream) {
      const encoded = lane.queue[0];
      if (!encoded) return false;
      if (encoded.byteLength <= PROTOCOL_LIMITS.maxFrameBytes) {
        lane.queue.shift();
        this.socket.send(encoded);
        return true;
      }
      if (!this.beginStream(lane, encoded)) return false;
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
    this.retry.dispose();
  }
}
