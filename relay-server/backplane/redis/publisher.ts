import type { Redis } from 'ioredis';
import type { Disposable } from '../../../shared/lifecycle/index.ts';
import { encodeFrame } from '../backplane-codec.ts';
import { type Precedence, PublishQueue, type QueuedBatch } from './publish-queue.ts';
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.ts';
import { isErrorReply, type RedisFailure } from './redis-failure.ts';

export interface PublisherOptions {
  readonly connection: RedisConnectionOptions;
  readonly nodeId: string;
  readonly maxQueuedBytes: number;
  /** Whether answers to what is said on the channel would not be heard yet. */
  readonly isHeld: (channel: string) => boolean;
  readonly isSubscribed: (channel: string) => boolean;
  readonly onFailure: (failure: RedisFailure) => void;
  readonly onOpen: () => void;
  /** The connection works. */
  readonly onConfirm: () => void;
}

interface Frame {
  readonly channel: string;
  readonly bytes: Buffer;
}

interface Series {
  readonly number: number;
  sequence: number;
}

/** What may be with the server unanswered. The rest waits where it can be dropped. */
const MAX_UNANSWERED_BYTES = 4 * 1024 * 1024;

/** Sends what is published, several messages of one turn for one room together, and keeps what cannot be sent yet. */
export class Publisher implements Disposable {
  private readonly options: PublisherOptions;
  private readonly connection: RedisConnection;
  private readonly queue: PublishQueue;
  private readonly series = new Map<string, Series>();
  private lastSeries = 0;
  private unanswered = new Set<Frame>();
  private unansweredBytes = 0;
  /** Frames of an earlier connection, which may have lost them. */
  private again: Frame[] = [];
  private flushing: NodeJS.Immediate | undefined;
  private isDisposed = false;

  constructor(options: PublisherOptions) {
    this.options = options;
    this.queue = new PublishQueue(options.maxQueuedBytes);
    this.connection = new RedisConnection(options.connection, {
      onOpen: () => {
        options.onOpen();
        this.scheduleFlush();
      },
      onClose: () => this.closed(),
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

  get queuedBytes(): number {
    return (
      this.queue.byteLength + [...this.again, ...this.unanswered].reduce((sum, { bytes }) => sum + bytes.length, 0)
    );
  }

  get droppedCount(): number {
    return this.queue.droppedCount;
  }

  add(channel: string, precedence: Precedence, message: Uint8Array): void {
    if (this.isDisposed) return;
    this.queue.add(channel, precedence, message);
    this.scheduleFlush();
  }

  /** Sends at the end of the turn, so that what comes from many sockets at once leaves at once. */
  scheduleFlush(): void {
    if (this.isDisposed || !this.isOpen) return;
    this.flushing ??= setImmediate(() => {
      this.flushing = undefined;
      this.flush();
    });
  }

  /** Sends a sign of life that waits for nothing; `onAnswer` is called when the server has taken it. */
  beat(channel: string, content: string | Buffer, onAnswer: () => void): void {
    const { client } = this.connection;
    if (!client) return;
    client.publish(channel, content).then(
      () => {
        if (this.connection.client !== client) return;
        const isNew = !this.connection.isConfirmed;
        this.connection.confirm();
        onAnswer();
        if (isNew) this.options.onConfirm();
      },
      (error: unknown) => this.connection.failWith(client, error),
    );
  }

  /** Forgets how far the numbers of a room have come: the next ones begin a new series. */
  endSeries(channel: string): void {
    this.series.delete(channel);
  }

  fail(failure: RedisFailure): void {
    this.connection.fail(failure);
  }

  private flush(): void {
    const { client } = this.connection;
    if (!client) return;
    const { stream } = client;
    stream.cork();
    while (this.hasWindow) {
      const frame = this.again.shift();
      if (!frame) break;
      this.send(client, frame);
    }
    for (const channel of this.queue.channels) {
      if (!this.hasWindow) break;
      if (this.options.isHeld(channel)) continue;
      const batch = this.queue.take(channel);
      if (batch) this.send(client, this.toFrame(batch));
    }
    stream.uncork();
  }

  private get hasWindow(): boolean {
    return this.unansweredBytes < MAX_UNANSWERED_BYTES;
  }

  private toFrame({ channel, messages, hasLost }: QueuedBatch): Frame {
    const series = this.series.get(channel) ?? { number: ++this.lastSeries, sequence: 0 };
    series.sequence += hasLost ? 2 : 1;
    if (this.options.isSubscribed(channel)) this.series.set(channel, series);
    else this.series.delete(channel);
    const { nodeId } = this.options;
    return { channel, bytes: encodeFrame({ nodeId, series: series.number, sequence: series.sequence }, messages) };
  }

  private send(client: Redis, frame: Frame): void {
    this.unanswered.add(frame);
    this.unansweredBytes += frame.bytes.length;
    client.publish(frame.channel, frame.bytes).then(
      () => this.answered(client, frame),
      (error: unknown) => {
        if (isErrorReply(error)) this.answered(client, frame);
        this.connection.failWith(client, error);
      },
    );
  }

  private answered(client: Redis, frame: Frame): void {
    if (this.connection.client !== client) return;
    this.unanswered.delete(frame);
    const hadWindow = this.hasWindow;
    this.unansweredBytes -= frame.bytes.length;
    if (!hadWindow && this.hasWindow) this.scheduleFlush();
  }

  private closed(): void {
    this.again = [...this.unanswered, ...this.again];
    this.unanswered = new Set();
    this.unansweredBytes = 0;
  }

  dispose(): void {
    if (this.isDisposed) return;
    // The last words, such as that this node's people are gone.
    this.flush();
    this.isDisposed = true;
    clearImmediate(this.flushing);
    this.connection.dispose();
  }
}
