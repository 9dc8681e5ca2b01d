import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import { type Disposable, MutableDisposable, type Scheduler } from '../../../shared/lifecycle/index.ts';
import type { RedisAddress } from './redis-address.ts';
import { explainRedisError, isErrorReply, type RedisFailure, silentRedis } from './redis-failure.ts';

export interface RedisConnectionOptions {
  readonly address: RedisAddress;
  /** Certificates of the authorities to trust, in PEM; undefined for the usual ones. */
  readonly authorities: string | undefined;
  /** The channels that are used, for people: `tutti:*`. */
  readonly channels: string;
  readonly scheduler: Scheduler;
  /** A float in [0, 1). */
  readonly random: () => number;
}

export interface RedisConnectionEvents {
  /** It is open and may be used; {@link RedisConnection.confirm} has to be called when it does what it is for. */
  onOpen(client: Redis): void;
  /** It is open no more. */
  onClose(): void;
  /** An attempt has failed, or {@link RedisConnection.fail} was called. */
  onFailure(failure: RedisFailure): void;
}

/** How long an attempt may take until commands are answered. */
const OPEN_TIMEOUT_MS = 3_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;

type State =
  | { readonly kind: 'opening'; readonly client: Redis }
  | { readonly kind: 'open'; readonly client: Redis; readonly isConfirmed: boolean }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'disposed' };

/** One connection to Redis that is made anew whenever it ends, until it is disposed. */
export class RedisConnection implements Disposable {
  private readonly options: RedisConnectionOptions;
  private readonly events: RedisConnectionEvents;
  private readonly timer = new MutableDisposable<Disposable>();
  private state: State = { kind: 'waiting' };
  private failedAttempts = 0;

  constructor(options: RedisConnectionOptions, events: RedisConnectionEvents) {
    this.options = options;
    this.events = events;
  }

  /** Begins to connect. */
  start(): void {
    if (this.state.kind === 'waiting') this.open();
  }

  /** The client, while it is open. */
  get client(): Redis | undefined {
    return this.state.kind === 'open' ? this.state.client : undefined;
  }

  get isConfirmed(): boolean {
    return this.state.kind === 'open' && this.state.isConfirmed;
  }

  /** It does what it is for: the next attempt after its end comes soon. */
  confirm(): void {
    if (this.state.kind !== 'open') return;
    this.state = { ...this.state, isConfirmed: true };
    this.failedAttempts = 0;
  }

  /** Gives this connection up since it is of no use, and makes another one later. */
  fail(failure: RedisFailure): void {
    if (this.state.kind !== 'open' && this.state.kind !== 'opening') return;
    this.drop();
    this.retry();
    this.events.onFailure(failure);
  }

  /** Gives it up when `client` got an error as an answer. Any other error says that the connection ends by itself. */
  failWith(client: Redis, error: unknown): void {
    if (this.client === client && isErrorReply(error)) this.fail(this.explain(error));
  }

  private explain(error: unknown): RedisFailure {
    return explainRedisError(error, this.options.address.label, this.options.channels);
  }

  private open(): void {
    const client = new Redis(clientOptions(this.options));
    this.state = { kind: 'opening', client };
    let lastError: unknown = new Error('the connection was closed');
    // The client needs a listener to the end of its days.
    client.on('error', (error) => {
      lastError = error;
    });
    client.once('ready', () => {
      if (!this.isCurrent(client)) return;
      this.timer.value = undefined;
      this.state = { kind: 'open', client, isConfirmed: false };
      this.events.onOpen(client);
    });
    client.once('end', () => {
      if (this.isCurrent(client)) this.ended(lastError);
    });
    this.timer.value = this.options.scheduler.schedule(
      () => this.fail(silentRedis(this.options.address.label, OPEN_TIMEOUT_MS)),
      OPEN_TIMEOUT_MS,
    );
    // A failure also comes as an error and the end.
    client.connect().catch(() => undefined);
  }

  private isCurrent(client: Redis): boolean {
    return (this.state.kind === 'opening' || this.state.kind === 'open') && this.state.client === client;
  }

  private ended(error: unknown): void {
    // The end of a good connection is an outage only when no other one can be made.
    const isFailure = !this.isConfirmed;
    this.drop();
    this.retry();
    if (isFailure) this.events.onFailure(this.explain(error));
  }

  private drop(): void {
    const { state } = this;
    this.timer.value = undefined;
    this.state = { kind: 'waiting' };
    if (state.kind !== 'open' && state.kind !== 'opening') return;
    const { client } = state;
    client.disconnect();
    if (state.kind === 'open') this.events.onClose();
  }

  private retry(): void {
    const ceilingMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failedAttempts);
    this.failedAttempts = Math.min(this.failedAttempts + 1, 10);
    const delayMs = ceilingMs * (0.5 + this.options.random() / 2);
    this.timer.value = this.options.scheduler.schedule(() => this.open(), delayMs);
  }

  dispose(): void {
    this.drop();
    this.timer.dispose();
    this.state = { kind: 'disposed' };
  }
}

function clientOptions({ address, authorities }: RedisConnectionOptions) {
  const { host, port, username, password, isEncrypted } = address;
  const tls = { ...(isIP(host) ? {} : { servername: host }), ...(authorities !== undefined && { ca: authorities }) };
  return {
    host,
    port,
    username,
    password,
    tls: isEncrypted ? tls : undefined,
    connectionName: 'tutti-relay',
    lazyConnect: true,
    // Nothing waits in the client, and nothing is sent twice by it: that is decided here.
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: null,
    // Channels work while the server still loads what it has stored.
    enableReadyCheck: false,
    connectTimeout: 0,
    // A peer that does not answer would not let it end.
    disconnectTimeout: 0,
    disableClientInfo: true,
  };
}
