import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { PingableSocket, ServerSocketEvents } from './server-socket.ts';
import { SocketWriter } from './socket-writer.ts';
import type { FrameSource, UnfinishedFrames } from './unfinished-frames.ts';
import { readMarker, toBinaryFrame, toPingFrame } from './websocket-frame.ts';

/** So much of large frames is read from one client in one turn of the event loop. */
const TURN_BYTES = 128 * 1024;
/** Smaller frames are not counted. */
const COUNTED_BYTES = 16 * 1024;
/** Before the data of a client's control frame, which are 125 bytes at most: RFC 6455, section 5.2. */
const CONTROL_HEADER_BYTES = 6;

/**
 * Makes a {@link PingableSocket} of a `ws` socket and the stream under it. Messages are written to the stream directly,
 * which `ws` allows for as long as nothing is compressed or sent in fragments: it costs half as much. `unfinished`
 * watches it for as long as it is there.
 */
export function wrapWebSocket(webSocket: WebSocket, stream: Duplex, unfinished?: UnfinishedFrames): PingableSocket {
  return new WrappedWebSocket(webSocket, stream, unfinished);
}

// Idle sockets are many: one set of listeners serves all of them, and finds a socket's wrapper on the emitter.
const wrapper = Symbol('wrapper');
interface Emitting {
  [wrapper]?: WrappedWebSocket;
}

class WrappedWebSocket implements PingableSocket, FrameSource {
  private readonly webSocket: WebSocket;
  private readonly stream: Duplex;
  private readonly writer: SocketWriter;
  private events: ServerSocketEvents | undefined;
  private readBytes = 0;
  private readonly unfinished: UnfinishedFrames | undefined;
  /** What the stream had read when the last message was whole. */
  private wholeBytes: number;

  constructor(webSocket: WebSocket, stream: Duplex, unfinished: UnfinishedFrames | undefined) {
    this.webSocket = webSocket;
    this.stream = stream;
    this.writer = new SocketWriter(stream);
    this.unfinished = unfinished;
    this.wholeBytes = bytesReadOf(stream);
    unfinished?.add(this);
  }

  get unfinishedBytes(): number {
    return bytesReadOf(this.stream) - this.wholeBytes;
  }

  cutOff(): void {
    this.webSocket.terminate();
  }

  listen(events: ServerSocketEvents): void {
    this.events = events;
    const webSocket: WebSocket & Emitting = this.webSocket;
    const stream: Duplex & Emitting = this.stream;
    webSocket[wrapper] = this;
    stream[wrapper] = this;
    webSocket.on('message', onMessage);
    webSocket.on('ping', onPing);
    webSocket.on('pong', onPong);
    webSocket.on('close', onClose);
    webSocket.on('error', onError);
    stream.on('drain', onDrain);
  }

  send(frame: Uint8Array, isPatient = false): void {
    if (this.isOpen) this.writer.push(toBinaryFrame(frame), isPatient);
  }

  ping(marker = 0): void {
    // Not by `webSocket.ping`, which would overtake what waits for the end of the turn.
    if (this.isOpen) this.writer.push([toPingFrame(marker)], false);
  }

  close(code: number, reason: string): void {
    this.writer.flush();
    this.webSocket.close(code, reason);
  }

  terminate(): void {
    this.writer.clear();
    this.webSocket.terminate();
  }

  get bufferedBytes(): number {
    return this.writer.bufferedBytes;
  }

  private get isOpen(): boolean {
    return this.webSocket.readyState === this.webSocket.OPEN;
  }

  take(data: RawData, isBinary: boolean): void {
    const bytes = toBytes(data);
    this.wholeBytes = bytesReadOf(this.stream);
    if (bytes.byteLength >= COUNTED_BYTES) this.noteRead(bytes.byteLength);
    if (isBinary) this.events?.onFrame(bytes);
    else this.events?.onText();
  }

  takePong(data: Buffer): void {
    this.noteControl(data);
    this.events?.onPong?.(readMarker(data));
  }

  /** A control frame has come; it may stand between the pieces of a message that goes on. */
  noteControl({ byteLength }: Buffer): void {
    // What was read beyond a message was counted with it.
    this.wholeBytes = Math.min(this.wholeBytes + CONTROL_HEADER_BYTES + byteLength, bytesReadOf(this.stream));
  }

  drained(): void {
    this.events?.onDrain();
  }

  /** Tells that it is gone, once. Nothing of it is told after that. */
  closed(): void {
    this.unfinished?.delete(this);
    this.writer.clear();
    const { events } = this;
    this.events = undefined;
    events?.onClose();
  }

  /** A large message that comes in must not keep others waiting. */
  private noteRead(byteLength: number): void {
    const { webSocket } = this;
    this.readBytes += byteLength;
    if (this.readBytes < TURN_BYTES || webSocket.isPaused) return;
    webSocket.pause();
    setImmediate(() => {
      this.readBytes = 0;
      webSocket.resume();
    });
  }
}

function onMessage(this: WebSocket & Emitting, data: RawData, isBinary: boolean): void {
  this[wrapper]?.take(data, isBinary);
}

function onPong(this: WebSocket & Emitting, data: Buffer): void {
  this[wrapper]?.takePong(data);
}

function onPing(this: WebSocket & Emitting, data: Buffer): void {
  this[wrapper]?.noteControl(data);
}

function onClose(this: WebSocket & Emitting): void {
  this[wrapper]?.closed();
}

// A broken WebSocket frame, or a socket that was reset: `close` follows and is handled there.
function onError(this: WebSocket & Emitting, error: Error & { readonly code?: unknown }): void {
  // Cutting it off while the client is sending would lose the reason, which is on its way, and is seen to by `ws`.
  if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this[wrapper]?.closed();
  else this.terminate();
}

function onDrain(this: Duplex & Emitting): void {
  this[wrapper]?.drained();
}

function bytesReadOf(stream: Duplex): number {
  return stream instanceof Socket ? stream.bytesRead : 0;
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
