import { type Disposable, type Scheduler, scheduleEvery } from '../../../shared/lifecycle/index.ts';
import type { Publisher } from './publisher.ts';
import { silentRedis } from './redis-failure.ts';
import type { Subscriber } from './subscriber.ts';

const INTERVAL_MS = 1_000;
/** Counted in beats, not in time: a process that was busy has not heard what waits for it. */
const MAX_MISSED = 3;

export interface HeartbeatOptions {
  readonly scheduler: Scheduler;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  readonly channel: string;
  /** The server, for people. */
  readonly label: string;
}

/** Sends a sign of life through a channel to this node itself: a connection that is open may carry nothing any more. */
export class Heartbeat implements Disposable {
  private readonly options: HeartbeatOptions;
  private readonly timer: Disposable;
  private unanswered = 0;
  private unheard = 0;
  private count = 0;

  constructor(options: HeartbeatOptions) {
    this.options = options;
    this.timer = scheduleEvery(options.scheduler, () => this.beat(), INTERVAL_MS);
  }

  /** Something has come through a channel. */
  heard(): void {
    this.unheard = 0;
  }

  beat(): void {
    const { publisher, subscriber, channel, label } = this.options;
    if (!publisher.isOpen) this.unanswered = 0;
    if (!subscriber.isOpen || !publisher.isOpen) this.unheard = 0;
    const failure = () => silentRedis(label, MAX_MISSED * INTERVAL_MS);
    if (this.unheard >= MAX_MISSED) subscriber.fail(failure());
    if (this.unanswered >= MAX_MISSED) publisher.fail(failure());
    if (!publisher.isOpen) return;
    this.unanswered++;
    if (subscriber.isOpen) this.unheard++;
    publisher.beat(channel, String(++this.count), () => {
      this.unanswered = 0;
    });
  }

  dispose(): void {
    this.timer.dispose();
  }
}
