import { type Disposable, DisposableStore, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import {
  ACCESS_FEATURE,
  ChunkAssembler,
  type ClientMessage,
  clientMessageCodec,
  CLOSE_CODES,
  DEFLATE_FEATURE,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  ProtocolError,
  type RelayMessage,
  relayMessageCodec,
} from '../protocol/index.ts';
import { explainClose } from './explain-close.ts';
import { inflate } from './inflate.ts';
import type { ConnectSocket, MessageSocket, SocketClose } from './message-socket.ts';
import { OutgoingLanes } from './outgoing-lanes.ts';

const WELCOME_TIMEOUT_MS = 15_000;
const SILENCE_INTERVALS = 2.5;
/** The code of a socket that ended without a closing handshake. */
const ABNORMAL_CLOSE = 1006;

export type Welcome = Extract<RelayMessage, { type: 'welcome' }>;
type Goodbye = Extract<RelayMessage, { type: 'goodbye' }>;

/** How a connection ended. */
export interface ConnectionEnd {
  readonly closeCode: number;
  /** The relay asks not to come back earlier; 0: no hint. */
  readonly retryAfterMs: number;
  /** For people. */
  readonly explanation: string;
}

export interface ConnectionEvents {
  onWelcome(welcome: Welcome): void;
  /** Everything after the handshake but heartbeats; chunked messages are whole again, deflated ones inflated. */
  onMessage(message: RelayMessage): void;
  /** Fires once, unless the connection is disposed first. Nothing fires after it. */
  onEnd(end: ConnectionEnd): void;
}

export interface ConnectionOptions {
  readonly syncUrl: string;
  readonly token: string;
  readonly connect: ConnectSocket;
  readonly scheduler: Scheduler;
  readonly client: string;
  readonly sessionId: string;
}

/** One WebSocket to the relay from its opening to its end: handshake, heartbeats, chunks, compression. It never reconnects. */
export class RelayConnection implements Disposable {
  private readonly options: ConnectionOptions;
  private readonly events: ConnectionEvents;
  private readonly disposables = new DisposableStore();
  private readonly silence = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly heartbeat = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly assembler = new ChunkAssembler();
  private readonly socket: MessageSocket;
  private readonly lanes: OutgoingLanes;
  private welcome: Welcome | undefined;
  private heardMs: number;
  private nonce = 0;
  private hasEnded = false;
  private isClosing = false;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.options = options;
    this.events = events;
    this.heardMs = options.scheduler.now();
    this.watchSilence(WELCOME_TIMEOUT_MS);
    this.socket = options.connect(options.syncUrl, {
      onOpen: () => this.sayHello(),
      onMessage: (frame) => this.receive(frame),
      onClose: (close) => this.socketClosed(close),
    });
    this.lanes = this.disposables.add(new OutgoingLanes(this.socket, options.scheduler));
  }

  /** When the relay sent something last, by this device's clock. */
  get lastHeardMs(): number {
    return this.heardMs;
  }

  /** Must not be called before the welcome, nor after the end. */
  send(message: ClientMessage): void {
    if (!this.hasEnded) this.lanes.send(message);
  }

  /** Says goodbye to the relay; no event follows. */
  close(): void {
    if (this.hasEnded) return;
    this.closeSocket(CLOSE_CODES.normal, 'leaving');
    this.dispose();
  }

  dispose(): void {
    this.hasEnded = true;
    this.disposables.dispose();
    if (!this.isClosing) this.socket.dispose();
  }

  // The socket finishes by itself: cutting it off now could lose what it was handed last.
  private closeSocket(code: number, reason: string): void {
    this.isClosing = true;
    this.socket.close(code, reason);
  }

  private sayHello(): void {
    if (this.hasEnded) return;
    const { token, sessionId, client } = this.options;
    const hello: ClientMessage = {
      type: 'hello',
      version: PROTOCOL_VERSION,
      oldestVersion: OLDEST_PROTOCOL_VERSION,
      token,
      sessionId,
      client,
      features: [DEFLATE_FEATURE, ACCESS_FEATURE],
    };
    this.socket.send(clientMessageCodec.encode(hello));
  }

  private receive(frame: Uint8Array | undefined): void {
    if (this.hasEnded) return;
    this.heardMs = this.options.scheduler.now();
    try {
      if (!frame) throw new ProtocolError('a text frame');
      this.handle(relayMessageCodec.decode(frame));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.breach(error);
    }
  }

  /** Ends the connection because the relay broke a rule. The engine comes back, since a retry may meet a mended relay. */
  breach(error: ProtocolError): void {
    if (this.hasEnded) return;
    this.closeSocket(error.closeCode, error.message.slice(0, 40));
    this.end({
      closeCode: ABNORMAL_CLOSE,
      retryAfterMs: 0,
      explanation: `The relay sent something that this version of Tutti does not understand (${error.message}).`,
    });
  }

  private handle(message: RelayMessage): void {
    if (message.type === 'chunk') {
      const whole = this.assembler.add(message);
      if (!whole) return;
      const inner = relayMessageCodec.decode(whole);
      if (inner.type === 'chunk') throw new ProtocolError('a chunk inside a chunk');
      this.handle(inner);
    } else if (message.type === 'goodbye') {
      this.takeLeave(message);
    } else if (message.type === 'welcome') {
      this.begin(message);
    } else if (!this.welcome) {
      throw new ProtocolError(`${message.type} before welcome`);
    } else if (message.type === 'deflated-sync') {
      const { handle, throughSeq, isLast, byteLength } = message;
      const payload = inflate(message.payload, byteLength);
      this.events.onMessage({ type: 'sync', handle, throughSeq, isLast, payload });
    } else if (message.type !== 'pong') {
      this.events.onMessage(message);
    }
  }

  private begin(welcome: Welcome): void {
    if (this.welcome) throw new ProtocolError('a second welcome');
    if (welcome.version < OLDEST_PROTOCOL_VERSION || welcome.version > PROTOCOL_VERSION) {
      throw new ProtocolError(`version ${welcome.version} was not offered`);
    }
    const intervalMs = Math.max(1, welcome.heartbeatIntervalMs);
    this.welcome = welcome;
    this.scheduleHeartbeat(intervalMs);
    this.watchSilence(intervalMs * SILENCE_INTERVALS);
    this.events.onWelcome(welcome);
  }

  private scheduleHeartbeat(intervalMs: number): void {
    this.heartbeat.value = this.options.scheduler.schedule(() => {
      this.scheduleHeartbeat(intervalMs);
      this.send({ type: 'ping', nonce: ++this.nonce });
    }, intervalMs);
  }

  private watchSilence(limitMs: number): void {
    const { scheduler } = this.options;
    const dueMs = this.heardMs + limitMs;
    this.silence.value = scheduler.schedule(
      () => {
        if (scheduler.now() < this.heardMs + limitMs) return this.watchSilence(limitMs);
        this.end({
          closeCode: ABNORMAL_CLOSE,
          retryAfterMs: 0,
          explanation: this.welcome
            ? 'The connection to the relay went silent.'
            : `No Tutti relay answers at ${this.options.syncUrl}.`,
        });
      },
      Math.max(1, dueMs - scheduler.now()),
    );
  }

  // The relay takes nothing any more (SPEC CC1). Its closing handshake can take long where the way to it is blocked.
  private takeLeave({ closeCode, explanation, retryAfterMs }: Goodbye): void {
    this.closeSocket(CLOSE_CODES.normal, 'goodbye');
    this.endAs({ code: closeCode, reason: '' }, explanation, retryAfterMs);
  }

  private socketClosed(close: SocketClose): void {
    if (!this.hasEnded) this.endAs(close, '', 0);
  }

  private endAs(close: SocketClose, said: string, retryAfterMs: number): void {
    this.end({
      ...explainClose({ close, said, wasWelcome: this.welcome !== undefined, ...this.options }),
      retryAfterMs,
    });
  }

  private end(end: ConnectionEnd): void {
    this.dispose();
    this.events.onEnd(end);
  }
}
