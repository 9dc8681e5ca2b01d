import { type Disposable, Emitter, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import { CLOSE_CODES, isPermanentCloseCode, type RelayMessage } from '../protocol/index.ts';
import { Backoff } from './backoff.ts';
import type { ConnectionState } from './connection-state.ts';
import type { ConnectSocket } from './message-socket.ts';
import { type ConnectionEnd, RelayConnection, type Welcome } from './relay-connection.ts';
import { TokenRenewal } from './token-renewal.ts';
import type { TokenSource } from './token-source.ts';

/** A connection that lasted so long starts the waiting times anew. */
const STABLE_MS = 10_000;
const TOKEN_NOT_GRANTED = 4400;
/** Of what the relay answers in other ways, so much is taken as a sign that it can be reached. */
const ANSWERS_HEEDED_EVERY_MS = 10_000;
/** So long a live connection may take to answer after something happened that may have killed it. */
const PROBE_MS = 3_000;

/** Why a connection may have died, or may be possible again. */
export type NudgeReason =
  /** The device was asleep, or is used again after it was locked. */
  | 'woke'
  | 'network-changed'
  /** The person has come back to the window. */
  | 'shown';

export interface ConnectionLoopOptions {
  /** Address of the room, such as `wss://HOST/sync/ROOM`. */
  readonly syncUrl: string;
  readonly tokenSource: TokenSource;
  readonly connect: ConnectSocket;
  readonly scheduler: Scheduler;
  /** Yields floats in [0, 1); spreads reconnects. */
  readonly random: () => number;
  /** Name and version of the app, for the relay's records. */
  readonly client: string;
  /** 16 to 64 of `A–Z a–z 0–9 _ -`, made anew at each start: the relay knows updates by it and must never meet it twice. */
  readonly sessionId: string;
}

export interface ConnectionLoopEvents {
  onWelcome(connection: RelayConnection, welcome: Welcome): void;
  onMessage(message: RelayMessage): void;
  /** The relay was heard after it had been asked for an answer. */
  onAnswered(): void;
  /** A connection that was welcomed is gone. */
  onLost(): void;
}

type PermanentEnd = Pick<Extract<ConnectionState, { kind: 'ended' }>, 'closeCode' | 'explanation' | 'isFinal'>;

/** Keeps a connection to the relay: gets tokens, connects, waits and tries again until it is told to stop. */
export class ConnectionLoop implements Disposable {
  private readonly options: ConnectionLoopOptions;
  private readonly events: ConnectionLoopEvents;
  private readonly backoff: Backoff;
  private readonly connection = new MutableDisposable<RelayConnection>();
  private readonly retry = new MutableDisposable<Disposable>();
  private readonly renewal = new MutableDisposable<TokenRenewal>();
  private readonly stateChanged = new Emitter<ConnectionState>();
  private current: ConnectionState;
  private attempt = 0;
  private welcomedAtMs: number | undefined;
  private notBeforeMs = 0;
  private heedsAnswersAtMs = 0;
  /** Of the relay's clock over this device's `elapsedMs`. */
  private relayClockAheadMs = 0;
  private wantsFreshToken = false;
  private wasRefusedToken = false;
  private isStopped = false;
  /** A token that says something else than the one of the connection is to be had. */
  private isRenewalDue = false;

  readonly onDidChangeState = this.stateChanged.event;

  constructor(options: ConnectionLoopOptions, events: ConnectionLoopEvents) {
    this.options = options;
    this.events = events;
    this.backoff = new Backoff(options.random);
    this.current = { kind: 'connecting', sinceMs: options.scheduler.elapsedMs() };
  }

  get state(): ConnectionState {
    return this.current;
  }

  start(): void {
    void this.tryConnecting();
  }

  /**
   * Tries at once instead of waiting; also after the end, unless the loop was stopped. A connection that stands must
   * answer soon, or is made anew.
   */
  retryNow(): void {
    if (this.isStopped) return;
    if (this.isWelcome) return this.probe(0);
    // Whoever asks once does not wait long for the try after that either.
    this.backoff.reset();
    if (this.current.kind === 'connecting') return;
    this.wasRefusedToken = false;
    void this.tryConnecting();
  }

  /**
   * Something happened after which waiting is of no use: tries at once, though not before the relay wants it (SPEC CC2,
   * CC4). A connection that stands must answer soon. `asleepMs`: how long the device is known to have slept.
   */
  nudge(reason: NudgeReason, asleepMs = 0): void {
    if (this.isStopped || this.current.kind === 'ended') return;
    if (this.isWelcome) return this.probe(asleepMs);
    this.backoff.reset();
    if (this.current.kind === 'reconnecting') {
      const leftMs = this.notBeforeMs - this.now();
      if (leftMs > 0) this.waitAndRetry(this.current.explanation, leftMs);
      else void this.tryConnecting();
    } else if (reason !== 'shown' || this.now() - this.current.sinceMs >= PROBE_MS) {
      // What was begun on another network may never get an answer.
      void this.tryConnecting();
    }
  }

  /**
   * The relay has answered something that was asked of it in another way, so that it can be reached: a try that waits is
   * made at once, as by {@link nudge}, but not again and again where only the connection fails.
   */
  relayAnswered(): void {
    if (this.current.kind !== 'reconnecting' || this.now() < this.heedsAnswersAtMs) return;
    this.heedsAnswersAtMs = this.now() + ANSWERS_HEEDED_EVERY_MS;
    this.nudge('network-changed');
  }

  /** The token source gives another token from now on: the relay gets it at once, or with the next connection. */
  renewToken(): void {
    this.isRenewalDue = !this.renewal.value;
    this.renewal.value?.renewNow();
  }

  private get isWelcome(): boolean {
    return this.current.kind === 'online' || this.current.kind === 'catching-up';
  }

  private probe(asleepMs: number): void {
    this.backoff.reset();
    this.connection.value?.probe(PROBE_MS, asleepMs);
  }

  /** All open documents are compared with the relay's. */
  caughtUp(): void {
    if (this.current.kind === 'catching-up') this.setState({ kind: 'online', sinceMs: this.now() });
  }

  /** Ends the connection for good. */
  stop(explanation: string): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.attempt++;
    this.connection.value?.close();
    this.drop();
    this.setState({ kind: 'ended', sinceMs: this.now(), closeCode: CLOSE_CODES.normal, explanation });
  }

  private async tryConnecting(): Promise<void> {
    const attempt = ++this.attempt;
    const { tokenSource } = this.options;
    this.retry.value = undefined;
    this.connection.value = undefined;
    this.isRenewalDue = false;
    this.setState({ kind: 'connecting', sinceMs: this.now() });
    const result = await tokenSource.obtain({ isFresh: this.wantsFreshToken });
    if (attempt !== this.attempt) return;
    if (result.kind === 'granted') {
      this.wantsFreshToken = false;
      this.connect(result.granted.token);
    } else if (result.kind === 'transient') {
      this.waitAndRetry(result.explanation, 0);
    } else {
      const { explanation, isFinal = false } = result;
      this.endForGood({ closeCode: TOKEN_NOT_GRANTED, explanation, isFinal });
    }
  }

  private connect(token: string): void {
    const connection = new RelayConnection(
      { ...this.options, token },
      {
        onWelcome: (welcome) => this.welcomed(connection, welcome),
        onMessage: (message) => this.receive(message),
        onAnswered: () => this.events.onAnswered(),
        onEnd: (end) => this.ended(end),
      },
    );
    this.connection.value = connection;
  }

  private welcomed(connection: RelayConnection, welcome: Welcome): void {
    const { tokenSource, scheduler } = this.options;
    this.welcomedAtMs = this.now();
    this.wasRefusedToken = false;
    this.relayClockAheadMs = welcome.nowMs - this.now();
    this.renewal.value = new TokenRenewal({
      tokenSource,
      scheduler,
      send: (token) => connection.send({ type: 'renew', token }),
    });
    this.renewal.value.granted(welcome.tokenExpiresAtMs - welcome.nowMs);
    // Since the token was asked for.
    if (this.isRenewalDue) this.renewToken();
    this.setState({ kind: 'catching-up', sinceMs: this.now() });
    this.events.onWelcome(connection, welcome);
  }

  private receive(message: RelayMessage): void {
    if (message.type === 'renewed') {
      this.renewal.value?.granted(message.tokenExpiresAtMs - this.now() - this.relayClockAheadMs);
    }
    this.events.onMessage(message);
  }

  private ended(end: ConnectionEnd): void {
    const lastedMs = this.welcomedAtMs === undefined ? 0 : this.now() - this.welcomedAtMs;
    this.drop();
    if (lastedMs >= STABLE_MS) this.backoff.reset();
    if (end.closeCode === CLOSE_CODES.unauthenticated && !this.wasRefusedToken) {
      // A clock that is off, a relay with a new key or a token that ran out during sleep: a fresh one may be taken.
      this.wasRefusedToken = true;
      this.wantsFreshToken = true;
      void this.tryConnecting();
    } else if (isPermanentCloseCode(end.closeCode)) {
      this.endForGood(end);
    } else {
      this.waitAndRetry(end.explanation, end.retryAfterMs);
    }
  }

  private drop(): void {
    const wasWelcome = this.welcomedAtMs !== undefined;
    this.welcomedAtMs = undefined;
    this.renewal.value = undefined;
    this.connection.value = undefined;
    this.retry.value = undefined;
    if (wasWelcome) this.events.onLost();
  }

  private waitAndRetry(explanation: string, hintMs: number): void {
    const delayMs = this.backoff.nextDelayMs(hintMs);
    this.notBeforeMs = this.now() + hintMs;
    this.setState({
      kind: 'reconnecting',
      sinceMs: this.now(),
      nextTryAtMs: this.now() + delayMs,
      attempt: this.backoff.attempt,
      explanation,
    });
    this.retry.value = this.options.scheduler.schedule(() => void this.tryConnecting(), delayMs);
  }

  private endForGood({ closeCode, explanation, isFinal = false }: PermanentEnd): void {
    this.wantsFreshToken = true;
    this.setState({
      kind: 'ended',
      sinceMs: this.now(),
      closeCode,
      explanation,
      ...(isFinal && { isFinal }),
    });
  }

  private setState(state: ConnectionState): void {
    this.current = state;
    this.stateChanged.fire(state);
  }

  private now(): number {
    return this.options.scheduler.elapsedMs();
  }

  dispose(): void {
    this.stop('Left the room.');
    this.connection.dispose();
    this.retry.dispose();
    this.renewal.dispose();
    this.stateChanged.dispose();
  }
}
