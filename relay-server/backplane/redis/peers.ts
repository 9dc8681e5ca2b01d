import { type Disposable, type Scheduler, scheduleEvery } from '../../../shared/lifecycle/index.ts';
import { decodeAnnouncement, encodeAnnouncement, GENERATION } from '../backplane-codec.ts';
import { generationOf } from './node-id.ts';
import type { Publisher } from './publisher.ts';
import type { Subscriber } from './subscriber.ts';

const BEAT_MS = 1_000;
const BEATS_BETWEEN_ANNOUNCEMENTS = 5;
/** Counted in beats, not in time: a process that was busy has not heard what waits for it. */
const LEASE_BEATS = 15;

export interface PeersOptions {
  readonly scheduler: Scheduler;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  /** A channel that all nodes hear. */
  readonly channel: string;
  readonly nodeId: string;
  /** Another node has kept messages to itself until now. */
  readonly onNodeBegins: () => void;
}

/**
 * Knows whether this node is alone. It is when it has heard nobody else through a working connection for the time of a
 * lease. One that is alone may keep its messages to itself: it says so to the others when it hears of one again, after
 * it has begun to publish.
 */
export class Peers implements Disposable {
  private readonly options: PeersOptions;
  private readonly timer: Disposable;
  private silentBeats = 0;
  /** Since a node of an older generation was heard. */
  private beatsWithoutOlder = LEASE_BEATS;
  private beats = 0;
  /** Messages were kept back, and the others do not know yet. */
  private owesNotice = false;

  constructor(options: PeersOptions) {
    this.options = options;
    this.timer = scheduleEvery(options.scheduler, () => this.beat(), BEAT_MS);
  }

  get isAlone(): boolean {
    return this.silentBeats >= LEASE_BEATS;
  }

  /** Whether a node is there that may not read what this one can say. */
  get hasOlder(): boolean {
    return this.beatsWithoutOlder < LEASE_BEATS;
  }

  /** Something has come from another node. */
  heard(nodeId: string): void {
    const wasAlone = this.isAlone;
    if (generationOf(nodeId) < GENERATION) this.beatsWithoutOlder = 0;
    this.assumeOthers();
    if (wasAlone) this.announce();
  }

  /**
   * Takes what came through the channel.
   * @throws ProtocolError when it is malformed
   */
  receive(content: Uint8Array): void {
    const { nodeId, isBeginning } = decodeAnnouncement(content);
    if (nodeId === this.options.nodeId) return;
    this.heard(nodeId);
    if (isBeginning) this.options.onNodeBegins();
  }

  /** Lets the others know that this node is there. */
  announce(): void {
    const { publisher, channel, nodeId } = this.options;
    const isBeginning = this.owesNotice;
    publisher.beat(channel, encodeAnnouncement({ nodeId, isBeginning }), () => {
      if (isBeginning) this.owesNotice = false;
    });
  }

  private beat(): void {
    if (this.options.subscriber.isConfirmed) this.silentBeats++;
    // Whoever is there could not be heard.
    else this.assumeOthers();
    this.beats++;
    this.beatsWithoutOlder++;
    if (this.owesNotice || this.beats % BEATS_BETWEEN_ANNOUNCEMENTS === 0) this.announce();
  }

  private assumeOthers(): void {
    if (this.isAlone) this.owesNotice = true;
    this.silentBeats = 0;
  }

  dispose(): void {
    this.timer.dispose();
  }
}
