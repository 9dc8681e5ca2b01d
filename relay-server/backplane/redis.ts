import {
  type Disposable,
  DisposableStore,
  Emitter,
  errorMessage,
  type Event,
  MutableDisposable,
  type Scheduler,
  systemScheduler,
  toDisposable,
} from '../../shared/lifecycle/index.ts';
import { type BackplaneFrame, decodeFrame, encodeMessage } from './backplane-codec.ts';
import type { Backplane, BackplaneMessage, BackplaneRoom } from './backplane.ts';
import { Heartbeat } from './redis/heartbeat.ts';
import { createNodeId } from './redis/node-id.ts';
import { Peers } from './redis/peers.ts';
import type { Precedence } from './redis/publish-queue.ts';
import { Publisher } from './redis/publisher.ts';
import { parseRedisUrl, readAuthorities } from './redis/redis-address.ts';
import type { RedisFailure } from './redis/redis-failure.ts';
import { SequenceWatch } from './redis/sequence-watch.ts';
import { Subscriber } from './redis/subscriber.ts';

export interface RedisBackplaneOptions {
  /** Channels begin with it. Relays with other rooms on the same Redis need another one. */
  readonly prefix?: string;
  /** Memory for what cannot be sent yet. Beyond it presence is dropped first, then updates, the oldest of each. */
  readonly maxQueuedBytes?: number;
  readonly scheduler?: Scheduler;
  /** A float in [0, 1). Not used for secrets. */
  readonly random?: () => number;
  /** Told once of each outage, with a {@link RedisFailure}, and of garbage in the channels. */
  readonly reportProblem: (error: unknown) => void;
}

/** How the backplane is. The relay serves in all states. */
export type RedisBackplaneStatus =
  /** It connects for the first time, or again after a short break. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'unavailable'; readonly sinceMs: number; readonly failure: RedisFailure }
  | { readonly kind: 'disposed' };

interface SubscribedRoom {
  readonly deliveries: Emitter<{ readonly message: BackplaneMessage; readonly nodeId: string }>;
  readonly watch: SequenceWatch;
  /** Fires when the channel is heard from now on. */
  readonly hearing: Emitter<void>;
}

interface Outage {
  readonly sinceMs: number;
  readonly failure: RedisFailure;
  readonly reported: Set<RedisFailure['code']>;
}

const DEFAULT_PREFIX = 'tutti:';
const DEFAULT_MAX_QUEUED_BYTES = 32 * 1024 * 1024;
const LOSS_DEBOUNCE_MS = 20;
const GARBAGE_REPORT_INTERVAL_MS = 60_000;

/**
 * Joins this relay node to the others through the channels of a Redis server, for example
 * `redis://USER:PASSWORD@HOST:6379` or `rediss://…?ca=FILE` for TLS. It connects in the background and for as long as it
 * lives: a server that is away is reported, and found again when it is back.
 * @throws TypeError when `url` is no address of a Redis server, or its file of authorities cannot be used
 */
export function openRedisBackplane(url: string, options: RedisBackplaneOptions): RedisBackplane {
  return new RedisBackplane(url, options);
}

/** The backplane of one relay node on Redis. */
export class RedisBackplane implements Backplane {
  /** Names this start of the node. */
  readonly nodeId = createNodeId();
  private readonly options: RedisBackplaneOptions;
  private readonly prefix: string;
  private readonly scheduler: Scheduler;
  private readonly owned = new DisposableStore();
  private readonly lost = this.owned.add(new Emitter<void>());
  readonly onDidLoseMessages: Event<void> = this.lost.event;
  private readonly rooms = new Map<string, SubscribedRoom>();
  private readonly lossTimer = this.owned.add(new MutableDisposable<Disposable>());
  private readonly publisher: Publisher;
  private readonly subscriber: Subscriber;
  private readonly heartbeat: Heartbeat;
  private readonly peers: Peers;
  private readonly nodesChannel: string;
  private outage: Outage | undefined;
  private garbageReportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(url: string, options: RedisBackplaneOptions) {
    const address = parseRedisUrl(url);
    const { prefix = DEFAULT_PREFIX, scheduler = systemScheduler, random = Math.random } = options;
    this.options = options;
    this.prefix = prefix;
    this.scheduler = scheduler;
    const authorities = address.authorityFile === undefined ? undefined : readAuthorities(address.authorityFile);
    const connection = { address, authorities, channels: `${prefix}*`, scheduler, random };
    const ownChannel = `${prefix}node:${this.nodeId}`;
    this.nodesChannel = `${prefix}nodes`;
    this.publisher = this.owned.add(
      new Publisher({
        connection,
        nodeId: this.nodeId,
        maxQueuedBytes: options.maxQueuedBytes ?? DEFAULT_MAX_QUEUED_BYTES,
        isHeld: (channel) => this.subscriber.isPending(channel),
        isSubscribed: (channel) => this.subscriber.isSubscribed(channel),
        onOpen: () => {
          this.heartbeat.beat();
          this.peers.announce();
        },
        onConfirm: () => this.confirmed(),
        onFailure: (failure) => this.failed(failure),
      }),
    );
    this.subscriber = this.owned.add(
      new Subscriber({
        connection,
        fixedChannels: [ownChannel, this.nodesChannel],
        onMessage: (channel, content) => this.receive(channel, content),
        onSubscribed: (channel) => {
          this.publisher.scheduleFlush();
          // Otherwise it is one of many, of which `onConfirm` tells at once.
          if (this.subscriber.isConfirmed) this.rooms.get(channel)?.hearing.fire();
        },
        onUnsubscribed: (channel) => this.publisher.endSeries(channel),
        onConfirm: () => {
          this.confirmed();
          this.peers.announce();
          // Whoever subscribed before did not hear anything until now.
          if (this.rooms.size > 0) this.noteLoss();
        },
        onFailure: (failure) => this.failed(failure),
      }),
    );
    const { publisher, subscriber, nodeId, nodesChannel } = this;
    this.heartbeat = this.owned.add(
      new Heartbeat({ scheduler, publisher, subscriber, channel: ownChannel, label: address.label }),
    );
    const onNodeBegins = () => this.noteLoss();
    this.peers = this.owned.add(
      new Peers({ scheduler, publisher, subscriber, channel: nodesChannel, nodeId, onNodeBegins }),
    );
    subscriber.start();
    publisher.start();
  }

  get status(): RedisBackplaneStatus {
    if (this.owned.isDisposed) return { kind: 'disposed' };
    if (this.isConfirmed) return { kind: 'connected' };
    if (!this.outage) return { kind: 'connecting' };
    return { kind: 'unavailable', sinceMs: this.outage.sinceMs, failure: this.outage.failure };
  }

  /** Whether it is connected and hears all that was subscribed. */
  get isSettled(): boolean {
    return this.status.kind === 'connected' && this.subscriber.isSettled;
  }

  /** Bytes that wait to be sent or answered, about. */
  get queuedBytes(): number {
    return this.publisher.queuedBytes;
  }

  /** Messages that were given up since too much waited. */
  get droppedCount(): number {
    return this.publisher.droppedCount;
  }

  // Who else listens to a room is known to the server alone.
  hasPeers(): boolean {
    return !this.owned.isDisposed && !this.peers.isAlone;
  }

  /** Also sends while there seem to be no peers. */
  publish(room: BackplaneRoom, message: BackplaneMessage): void {
    if (this.owned.isDisposed) return;
    // An older node would lose all that is in the same frame. It is said again by whoever comes to rest next.
    if (message.kind === 'digests' && this.peers.hasOlder) return;
    try {
      this.publisher.add(this.channelOf(room), precedenceOf(message), encodeMessage(message));
    } catch (cause) {
      this.options.reportProblem(
        new Error(`A message of the kind ${message.kind} cannot be sent to other nodes.`, { cause }),
      );
    }
  }

  subscribe(
    room: BackplaneRoom,
    listener: (message: BackplaneMessage, nodeId: string) => void,
    onHeard: () => void = () => {},
  ): Disposable {
    const channel = this.channelOf(room);
    const subscribed = this.rooms.get(channel) ?? createSubscribedRoom();
    this.rooms.set(channel, subscribed);
    const subscription = this.subscriber.subscribe(channel);
    const delivery = subscribed.deliveries.event(({ message, nodeId }) => listener(message, nodeId));
    const hearing = subscribed.hearing.event(onHeard);
    return toDisposable(() => {
      delivery.dispose();
      hearing.dispose();
      if (!subscribed.deliveries.hasListeners && this.rooms.get(channel) === subscribed) this.rooms.delete(channel);
      subscription.dispose();
    });
  }

  private channelOf({ tenant, room }: BackplaneRoom): string {
    // Whatever the names are, a channel stands for one room only.
    return `${this.prefix}room:${tenant.replaceAll('%', '%25').replaceAll('/', '%2F')}/${room}`;
  }

  private receive(channel: string, content: Buffer): void {
    this.heartbeat.heard();
    if (channel === this.nodesChannel) return this.receiveAnnouncement(content);
    const room = this.rooms.get(channel);
    const frame = room && this.decode(channel, content);
    if (!frame) return;
    // First, so that answers to it are published.
    this.peers.heard(frame.nodeId);
    const continuity = room.watch.note(frame);
    if (continuity === 'repeated') return;
    if (continuity === 'gap') this.noteLoss();
    for (const message of frame.messages) room.deliveries.fire({ message, nodeId: frame.nodeId });
  }

  private receiveAnnouncement(content: Buffer): void {
    try {
      this.peers.receive(content);
    } catch (error) {
      this.reportGarbage(this.nodesChannel, error);
    }
  }

  private decode(channel: string, content: Buffer): BackplaneFrame | undefined {
    try {
      return decodeFrame(content, this.nodeId);
    } catch (error) {
      this.reportGarbage(channel, error);
      return undefined;
    }
  }

  private reportGarbage(channel: string, cause: unknown): void {
    const nowMs = this.scheduler.elapsedMs();
    if (nowMs - this.garbageReportedAtMs < GARBAGE_REPORT_INTERVAL_MS) return;
    this.garbageReportedAtMs = nowMs;
    const reason = errorMessage(cause);
    const what = `The channel ${channel} of Redis carried what no relay of this version sends (${reason})`;
    const advice = 'See who else writes to it; relays of other versions need a prefix of their own.';
    this.options.reportProblem(new Error(`${what}; it was ignored. ${advice}`, { cause }));
  }

  private noteLoss(): void {
    this.lossTimer.value ??= this.scheduler.schedule(() => {
      this.lossTimer.value = undefined;
      this.lost.fire();
    }, LOSS_DEBOUNCE_MS);
  }

  private failed(failure: RedisFailure): void {
    const { sinceMs, reported } = this.outage ?? { sinceMs: this.scheduler.now(), reported: new Set() };
    this.outage = { sinceMs, failure, reported };
    // Again only when an outage turns out to be of another kind.
    if (reported.has(failure.code)) return;
    reported.add(failure.code);
    this.options.reportProblem(failure);
  }

  private get isConfirmed(): boolean {
    return this.publisher.isConfirmed && this.subscriber.isConfirmed;
  }

  private confirmed(): void {
    if (this.isConfirmed) this.outage = undefined;
  }

  /** Closes the connections at once. What was published just before still leaves when the network takes it. */
  dispose(): void {
    this.owned.dispose();
    this.rooms.clear();
  }
}

function createSubscribedRoom(): SubscribedRoom {
  return { deliveries: new Emitter(), watch: new SequenceWatch(), hearing: new Emitter() };
}

function precedenceOf({ kind }: BackplaneMessage): Precedence {
  switch (kind) {
    case 'update':
    case 'committed':
      return 'update';
    case 'access':
      return 'access';
    case 'presence':
    case 'presence-wanted':
    case 'seen':
    case 'digests':
      return 'presence';
  }
}
