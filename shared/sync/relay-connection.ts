import { type Disposable, DisposableStore, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import {
  ACCESS_FEATURE,
  ChunkAssembler,
  type ClientMessage,
  clientMessageCodec,
  CLOSE_CODES,
  COMPARE_FEATURE,
  DEFLATE_FEATURE,
  DIGEST_FEATURE,
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
const QUIET_PROBE_INTERVALS = 1 / 3;
const MIN_QUIET_PROBE_MS = 3_000;
/** The last part of a probe: what came while the process was held up is read meanwhile. */
const READ_MS = 200;
/** A network that takes so much in the time of a probe is alive; the answer waits behind what was sent before. */
const TAKEN_BYTES = 64 * 1024;
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
  /** The relay was heard after a ping. */
  onAnswered(): void;
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
  private readonly probing = this.disposables.add(new MutableDisposable<Disposable>());
  private readonly assembler = new ChunkAssembler();
  private readonly socket: MessageSocket;
  private readonly lanes: OutgoingLanes;
  private welcome: Welcome | undefined;
  private heardMs: number;
  private askedMs: number | undefined;
  private isProbed = false;
  private handedBytes = 0;
  private nonce = 0;
  private hasEnded = false;
  private isClosing = false;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.options = options;
    this.events = events;
    this.heardMs = options.scheduler.elapsedMs();
    this.watchSilence(WELCOME_TIMEOUT_MS);
    this.socket = options.connect(options.syncUrl, {
      onOpen: () => this.sayHello(),
      onMessage: (frame) => this.receive(frame),
      onClose: (close) => this.socketClosed(close),
    });
    this.lanes = this.disposables.add(new OutgoingLanes(this.countSent(), options.scheduler, () => ++this.nonce));
  }

  /** When the relay sent something last, in `Scheduler.elapsedMs`. */
  get lastHeardMs(): number {
    return this.heardMs;
  }

  /** Since when a ping waits for any frame of the relay; undefined when none does. */
  get unansweredSinceMs(): number | undefined {
    return this.askedMs;
  }

  /** How long the relay may be silent in an idle room before it is asked whether it is there (SPEC HB3). */
  get quietProbeMs(): number {
    const intervalMs = this.welcome?.heartbeatIntervalMs ?? Infinity;
    return Math.max(MIN_QUIET_PROBE_MS, intervalMs * QUIET_PROBE_INTERVALS);
  }

  /** Asks the relay for a sign of life. Must not be called before the welcome. */
  ping(): void {
    this.askedMs ??= this.options.scheduler.elapsedMs();
    this.send({ type: 'ping', nonce: ++this.nonce });
  }

  /**
   * Ends the connection unless the relay is heard within `limitMs`; at once when this device slept for so long that the
   * relay has given it up. Does nothing before the welcome.
   */
  probe(limitMs: number, asleepMs: number): void {
    if (this.hasEnded || !this.welcome) return;
    if (asleepMs >= this.welcome.heartbeatIntervalMs * SILENCE_INTERVALS) return this.goneSilent('This device slept.');
    if (this.probing.value) return;
    const { scheduler } = this.options;
    const { takenBytes } = this;
    this.isProbed = true;
    this.ping();
    const decide = () => {
      this.probing.value = undefined;
      if (!this.isProbed) return;
      if (this.takenBytes - takenBytes >= TAKEN_BYTES) this.probe(limitMs, 0);
      else this.goneSilent('The relay does not answer.');
    };
    this.probing.value = scheduler.schedule(() => {
      this.probing.value = scheduler.schedule(decide, READ_MS);
    }, limitMs - READ_MS);
  }

  private goneSilent(explanation: string): void {
    this.end({ closeCode: ABNORMAL_CLOSE, retryAfterMs: 0, explanation });
  }

  /** Bytes that the network took. */
  private get takenBytes(): number {
    return this.handedBytes - this.socket.bufferedBytes;
  }

  private countSent(): MessageSocket {
    const { socket } = this;
    return {
      get bufferedBytes() {
        return socket.bufferedBytes;
      },
      send: (frame) => {
        this.handedBytes += frame.byteLength;
        socket.send(frame);
      },
      close: (code, reason) => socket.close(code, reason),
      dispose: () => socket.dispose(),
    };
  }

  /** Must not be called before the welcome, nor after the end. `isBulk`: it waits behind other documents. */
  send(message: ClientMessage, isBulk = false): void {
    if (!this.hasEnded) this.lanes.send(message, isBulk);
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
      features: [DEFLATE_FEATURE, ACCESS_FEATURE, DIGEST_FEATURE, COMPARE_FEATURE],
    };
    this.socket.send(clientMessageCodec.encode(hello));
  }

  private receive(frame: Uint8Array | undefined): void {
    if (this.hasEnded) return;
    this.heardMs = this.options.scheduler.elapsedMs();
    this.isProbed = false;
    if (this.askedMs !== undefined) {
      this.askedMs = undefined;
      this.events.onAnswered();
    }
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
    } else {
      this.lanes.answered(message);
      if (message.type !== 'pong') this.events.onMessage(message);
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
      this.ping();
    }, intervalMs);
  }

  private watchSilence(limitMs: number): void {
    const { scheduler } = this.options;
    const dueMs = this.heardMs + limitMs;
    this.silence.value = scheduler.schedule(
      () => {
        if (scheduler.elapsedMs() < this.heardMs + limitMs) return this.watchSilence(limitMs);
        this.goneSilent(
          this.welcome
            ? 'The connection to the relay went silent.'
            : `No Tutti relay answers at ${this.options.syncUrl}.`,
        );
      },
      Math.max(1, dueMs - scheduler.elapsedMs()),
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
