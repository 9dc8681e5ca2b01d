import type { Redis } from 'ioredis';
import { type Disposable, toDisposable } from '../../../shared/lifecycle/index.ts';
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.ts';
import type { RedisFailure } from './redis-failure.ts';

export interface SubscriberOptions {
  readonly connection: RedisConnectionOptions;
  /** Channels that are subscribed as long as the connection lives. */
  readonly fixedChannels: readonly string[];
  readonly onMessage: (channel: string, content: Buffer) => void;
  /** The channel is heard from now on; before `onConfirm`, not all others are. */
  readonly onSubscribed: (channel: string) => void;
  /** The last subscription of a channel has ended. */
  readonly onUnsubscribed: (channel: string) => void;
  /** All channels are heard again after the connection was not there. */
  readonly onConfirm: () => void;
  readonly onFailure: (failure: RedisFailure) => void;
}

interface Subscription {
  users: number;
  isConfirmed: boolean;
}

const CHANNELS_PER_COMMAND = 500;

/** Hears channels, each subscribed once however many ask for it, and again whenever the connection was lost. */
export class Subscriber implements Disposable {
  private readonly options: SubscriberOptions;
  private readonly connection: RedisConnection;
  private readonly subscriptions = new Map<string, Subscription>();

  constructor(options: SubscriberOptions) {
    this.options = options;
    this.connection = new RedisConnection(options.connection, {
      onOpen: (client) => void this.subscribeAll(client),
      onClose: () => {
        for (const subscription of this.subscriptions.values()) subscription.isConfirmed = false;
      },
      onFailure: options.onFailure,
    });
  }

  start(): void {
    this.connection.start();
  }

  get isOpen(): boolean {
    return this.connection.client !== undefined;
  }

  get isConfirmed(): boolean {
    return this.connection.isConfirmed;
  }

  /** Whether all channels are heard. */
  get isSettled(): boolean {
    return this.isConfirmed && [...this.subscriptions.values()].every(({ isConfirmed }) => isConfirmed);
  }

  isSubscribed(channel: string): boolean {
    return this.subscriptions.has(channel);
  }

  /** Whether the server was asked for the channel and has not answered yet. */
  isPending(channel: string): boolean {
    return this.connection.client !== undefined && this.subscriptions.get(channel)?.isConfirmed === false;
  }

  subscribe(channel: string): Disposable {
    const present = this.subscriptions.get(channel);
    if (present) present.users++;
    else this.add(channel);
    return toDisposable(() => this.release(channel));
  }

  fail(failure: RedisFailure): void {
    this.connection.fail(failure);
  }

  private add(channel: string): void {
    this.subscriptions.set(channel, { users: 1, isConfirmed: false });
    const { client } = this.connection;
    if (client) void this.send(client, [channel]);
  }

  private release(channel: string): void {
    const subscription = this.subscriptions.get(channel);
    if (!subscription || --subscription.users > 0) return;
    this.subscriptions.delete(channel);
    this.options.onUnsubscribed(channel);
    const { client } = this.connection;
    client?.unsubscribe(channel).catch((error: unknown) => this.connection.failWith(client, error));
  }

  private async subscribeAll(client: Redis): Promise<void> {
    client.on('messageBuffer', (channel: Buffer, content: Buffer) => {
      if (this.connection.client === client) this.options.onMessage(channel.toString(), content);
    });
    const channels = [...this.options.fixedChannels, ...this.subscriptions.keys()];
    const sent: Promise<boolean>[] = [];
    for (let start = 0; start < channels.length; start += CHANNELS_PER_COMMAND) {
      sent.push(this.send(client, channels.slice(start, start + CHANNELS_PER_COMMAND)));
    }
    const isComplete = (await Promise.all(sent)).every(Boolean);
    if (!isComplete || this.connection.client !== client) return;
    this.connection.confirm();
    this.options.onConfirm();
  }

  /** Resolves to whether the server has taken them. */
  private async send(client: Redis, channels: readonly string[]): Promise<boolean> {
    const meant = channels.map((channel) => this.subscriptions.get(channel));
    try {
      await client.subscribe(...channels);
    } catch (error) {
      this.connection.failWith(client, error);
      return false;
    }
    if (this.connection.client !== client) return false;
    for (const [index, channel] of channels.entries()) {
      const subscription = meant[index];
      if (!subscription || this.subscriptions.get(channel) !== subscription) continue;
      subscription.isConfirmed = true;
      this.options.onSubscribed(channel);
    }
    return true;
  }

  dispose(): void {
    this.connection.dispose();
  }
}
