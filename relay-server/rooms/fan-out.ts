import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import { CLOSE_CODES, PROTOCOL_LIMITS, type RelayMessage, relayMessageCodec } from '../../shared/protocol/index.ts';
import type { Subscription } from './subscription.ts';
import type { SyncContent } from './sync-part.ts';

type Refusal = Extract<RelayMessage, { type: 'refused' }>['reason'];
type ClosingReason = Extract<RelayMessage, { type: 'document-closed' }>['reason'];

/** What a client is told of a document that it opens. */
export interface OpenAnswer {
  readonly epoch: string;
  readonly throughSeq: number;
  readonly stateVector: Uint8Array;
  readonly contents: readonly SyncContent[];
}

export interface FanOutServices {
  readonly scheduler: Scheduler;
  reportProblem(error: unknown): void;
}

/** How long a commit notice waits for an update that carries it along. */
const NOTICE_DELAY_MS = 250;
/** Room for the fields around the payload of an `update`. */
const UPDATE_ENVELOPE_BYTES = 64;
const RETRY_MS = 1_000;
const NOTHING: SyncContent = { payload: new Uint8Array(0), inflatedByteLength: undefined };

interface EncodedUpdate {
  readonly handle: number;
  readonly committedSeq: number;
  readonly frame: Uint8Array;
}

/**
 * Sends one document's updates to those who have it open here, and how far all of what they were sent is committed. What
 * goes wrong with one of them ends that one's connection and concerns nobody else.
 */
export class FanOut implements Disposable {
  private readonly services: FanOutServices;
  private readonly headSeq: () => number;
  private readonly members = new Set<Subscription>();
  private readonly notice = new MutableDisposable<Disposable>();

  /** `headSeq` gives the number through which everything was sent to everybody. */
  constructor(services: FanOutServices, headSeq: () => number) {
    this.services = services;
    this.headSeq = headSeq;
  }

  get subscriptions(): ReadonlySet<Subscription> {
    return this.members;
  }

  add(subscription: Subscription): void {
    this.members.add(subscription);
  }

  /** Gives false when it was not a member. */
  delete(subscription: Subscription): boolean {
    subscription.state = 'closed';
    return this.members.delete(subscription);
  }

  /** Answers `open` with what the client lacks. `onAnswered` is called once all of it is on its way. */
  answer(subscription: Subscription, { epoch, throughSeq, stateVector, contents }: OpenAnswer, onAnswered: () => void) {
    const { handle, access, participant } = subscription;
    const byteLength = contents.reduce((sum, { payload }) => sum + payload.byteLength, 0);
    const lane = byteLength > PROTOCOL_LIMITS.maxChunkPayloadBytes ? 'bulk' : 'edits';
    participant.outlet.send({ type: 'opened', handle, epoch, headSeq: throughSeq, stateVector, access }, lane);
    subscription.state = 'open';
    subscription.notifiedSeq = throughSeq;
    subscription.beginPayload(throughSeq);
    const toMessage = ({ payload, inflatedByteLength }: SyncContent, isLast: boolean): RelayMessage =>
      inflatedByteLength === undefined
        ? { type: 'sync', handle, throughSeq, isLast, payload }
        : { type: 'deflated-sync', handle, throughSeq, isLast, byteLength: inflatedByteLength, payload };
    for (const content of contents.slice(0, -1)) participant.outlet.send(toMessage(content, false), lane);
    participant.outlet.send(toMessage(contents.at(-1) ?? NOTHING, true), lane, () => {
      if (subscription.endPayload() && this.headSeq() > throughSeq) this.scheduleNotice();
      onAnswered();
    });
  }

  /** Sends an update to all but its author's connection. `author` is the presence id, 0 when it is not known. */
  send(payload: Uint8Array, author: number, except?: Subscription): void {
    // Those who came one after the other mostly use the same handle.
    let latest: EncodedUpdate | undefined;
    for (const subscription of this.members) {
      if (subscription === except || !subscription.isReceiving) continue;
      try {
        latest = this.sendTo(subscription, payload, author, latest);
      } catch (error) {
        this.giveUp(subscription, error);
      }
    }
  }

  /** Gives what was encoded last. */
  private sendTo(
    subscription: Subscription,
    payload: Uint8Array,
    author: number,
    latest: EncodedUpdate | undefined,
  ): EncodedUpdate | undefined {
    const { outlet } = subscription.participant;
    if (outlet.isLagging) {
      subscription.state = 'missed';
      return latest;
    }
    const headSeq = this.headSeq();
    const committedSeq = subscription.promisedSeq(headSeq);
    const { handle } = subscription;
    const message = { type: 'update', handle, author, committedSeq, payload } as const;
    if (payload.byteLength + UPDATE_ENVELOPE_BYTES > PROTOCOL_LIMITS.maxFrameBytes) {
      subscription.beginPayload(headSeq);
      outlet.send(message, 'bulk', () => {
        if (subscription.endPayload()) this.scheduleNotice();
      });
      return latest;
    }
    const isSame = latest?.handle === handle && latest.committedSeq === committedSeq;
    const encoded = isSame ? latest : { handle, committedSeq, frame: relayMessageCodec.encode(message) };
    if (subscription.state === 'open') subscription.notifiedSeq = committedSeq;
    outlet.sendFrame(encoded.frame, 'edits');
    return encoded;
  }

  private giveUp(subscription: Subscription, error: unknown): void {
    this.services.reportProblem(error);
    // It may lack something now that nobody would send it again.
    if (subscription.isReceiving) subscription.state = 'missed';
    try {
      subscription.participant.outlet.end(
        CLOSE_CODES.tryAgainLater,
        'The relay failed to send you something.',
        RETRY_MS,
      );
    } catch (again) {
      this.services.reportProblem(again);
    }
  }

  /** Soon tells everybody how far all is committed, unless an update does before. */
  scheduleNotice(): void {
    this.notice.value ??= this.services.scheduler.schedule(() => {
      this.notice.value = undefined;
      for (const subscription of this.members) this.trySend(subscription, () => this.sendNotice(subscription));
    }, NOTICE_DELAY_MS);
  }

  ack(subscription: Subscription, clientSeq: number, seq: number): void {
    const { participant, handle, state } = subscription;
    if (state === 'closed') return;
    this.trySend(subscription, () => participant.outlet.send({ type: 'ack', handle, clientSeq, seq }, 'control'));
  }

  refuse(subscription: Subscription, clientSeq: number, reason: Refusal, explanation: string): void {
    const { participant, handle, state } = subscription;
    if (state === 'closed') return;
    const message = { type: 'refused', handle, clientSeq, reason, explanation } as const;
    this.trySend(subscription, () => participant.outlet.send(message, 'control'));
  }

  /** Ends the subscription and tells the client why. */
  close(subscription: Subscription, reason: ClosingReason, explanation: string): void {
    this.delete(subscription);
    const { handle, participant } = subscription;
    this.trySend(subscription, () => {
      participant.outlet.send({ type: 'document-closed', handle, reason, explanation }, 'control');
      participant.place.documentClosed(handle);
    });
  }

  private trySend(subscription: Subscription, send: () => void): void {
    try {
      send();
    } catch (error) {
      this.giveUp(subscription, error);
    }
  }

  private sendNotice(subscription: Subscription): void {
    const seq = subscription.promisedSeq(this.headSeq());
    if (subscription.state !== 'open' || seq <= subscription.notifiedSeq) return;
    subscription.notifiedSeq = seq;
    // In the lane of the updates, so that it cannot overtake one.
    subscription.participant.outlet.send({ type: 'committed', handle: subscription.handle, seq }, 'edits');
  }

  dispose(): void {
    this.notice.dispose();
    this.members.clear();
  }
}
