import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import { PROTOCOL_LIMITS, type RelayMessage, relayMessageCodec } from '../../shared/protocol/index.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { DocumentKey, SessionKey } from '../log/update-log.ts';
import type { CommitTarget, GroupCommit, PendingUpdate } from './group-commit.ts';
import { type ClockRange, inspectUpdate } from './inspect-update.ts';
import { KnownClocks } from './known-clocks.ts';
import { type CommittedSource, readLacking, readPages, readSnapshot } from './read-committed.ts';
import { SessionProgress } from './session-progress.ts';
import { SeenTicker } from './seen-ticker.ts';
import type { Subscription } from './subscription.ts';

type Refusal = Extract<RelayMessage, { type: 'refused' }>['reason'];

export interface DocumentServices extends CommittedSource {
  readonly commits: GroupCommit;
  readonly scheduler: Scheduler;
  readonly maxUpdateBytes: number;
  /** A fresh epoch, for a document that nothing was written to. */
  createEpoch(): string;
  /** The log has grown; a snapshot may be due. */
  noteGrowth(key: DocumentKey, updates: number, bytes: number): void;
  /** An error of storage that an operator should see. */
  reportProblem(error: unknown): void;
}

export interface OpenRequest {
  readonly epoch: string;
  readonly afterSeq: number;
  readonly stateVector: Uint8Array;
}

/** How long a commit notice waits for an update that carries it along. */
const NOTICE_DELAY_MS = 250;
/** Room for the fields around the payload of an `update`. */
const UPDATE_ENVELOPE_BYTES = 64;

/**
 * A document that somebody has open: order, durability and fan-out of its updates. It knows their clocks,
 * never their text.
 */
export class LiveDocument implements CommitTarget, Disposable {
  readonly key: DocumentKey;
  epoch: string;
  private readonly services: DocumentServices;
  private readonly subscriptions = new Set<Subscription>();
  private readonly sessions = new Map<string, SessionProgress<Subscription>>();
  private readonly pendingRanges = new Map<number, readonly ClockRange[]>();
  private readonly clocks = new KnownClocks();
  private readonly notice = new MutableDisposable<Disposable>();
  private readonly seen: SeenTicker;
  private loading: Promise<void> | undefined;
  private headSeq = 0;
  private nextPendingId = 1;

  constructor(key: DocumentKey, services: DocumentServices) {
    this.key = key;
    this.services = services;
    this.epoch = services.createEpoch();
    this.seen = new SeenTicker(services.scheduler, () => this.subscriptions);
  }

  get isOpen(): boolean {
    return this.subscriptions.size > 0;
  }

  /** Nobody has it open and nothing of it is on the way to the log. */
  get isIdle(): boolean {
    return this.subscriptions.size === 0 && this.pendingRanges.size === 0;
  }

  /** From now on the subscription gets live updates (SPEC DO4). */
  subscribe(subscription: Subscription): void {
    this.subscriptions.add(subscription);
  }

  unsubscribe(subscription: Subscription): void {
    subscription.state = 'closed';
    this.subscriptions.delete(subscription);
    this.seen.forget(subscription);
    const key = sessionName(subscription.participant.session);
    if (!this.sessions.get(key)?.hasPending && !this.hasSession(subscription.participant.session))
      this.sessions.delete(key);
  }

  /** Answers `open` (SPEC DO3). Rejects with a {@link LogFailure} when the document cannot be read. */
  async answerOpen(subscription: Subscription, request: OpenRequest): Promise<void> {
    const { session } = subscription.participant;
    await (this.loading ??= this.load());
    await this.services.commits.settled();
    const name = sessionName(session);
    if (!this.sessions.has(name)) {
      const last = this.headSeq > 0 ? await this.services.log.readLastOfSession(this.key, session) : undefined;
      if (!this.sessions.has(name)) this.sessions.set(name, new SessionProgress(last));
    }
    const { epoch, headSeq } = this;
    const parts = await readLacking(
      this.services,
      this.key,
      { epoch, seq: headSeq },
      { epoch: request.epoch, afterSeq: request.afterSeq, stateVector: request.stateVector },
    );
    if (subscription.state !== 'opening') return;
    this.sendAnswer(subscription, parts, headSeq);
  }

  private sendAnswer(subscription: Subscription, parts: readonly Uint8Array[], throughSeq: number): void {
    const { handle, access, participant } = subscription;
    const byteLength = parts.reduce((sum, part) => sum + part.byteLength, 0);
    const lane = byteLength > PROTOCOL_LIMITS.maxChunkPayloadBytes ? 'bulk' : 'edits';
    const stateVector = this.clocks.encodeStateVector();
    participant.outlet.send(
      { type: 'opened', handle, epoch: this.epoch, headSeq: throughSeq, stateVector, access },
      lane,
    );
    subscription.state = 'open';
    subscription.notifiedSeq = throughSeq;
    subscription.beginPayload(throughSeq);
    const payloads = parts.length === 0 ? [new Uint8Array(0)] : parts;
    for (const payload of payloads.slice(0, -1)) {
      participant.outlet.send({ type: 'sync', handle, throughSeq, isLast: false, payload }, lane);
    }
    const payload = payloads.at(-1) ?? new Uint8Array(0);
    participant.outlet.send({ type: 'sync', handle, throughSeq, isLast: true, payload }, lane, () => {
      if (subscription.endPayload() && this.headSeq > throughSeq) this.scheduleNotice();
      this.seen.introduce(subscription);
    });
  }

  /** Takes an update of a participant who has the document open. */
  submit(subscription: Subscription, clientSeq: number, payload: Uint8Array): void {
    const { participant } = subscription;
    const progress = this.progressOf(participant.session);
    const takenAs = progress.committedSeqOf(clientSeq);
    if (takenAs !== undefined) return this.ack(subscription, progress.committedClientSeq, takenAs);
    if (subscription.access !== 'write') {
      return this.refuse(subscription, clientSeq, 'read-only', 'Your role may read this document, not change it.');
    }
    if (payload.byteLength > this.services.maxUpdateBytes) {
      return this.refuse(
        subscription,
        clientSeq,
        'too-large',
        `An edit may have at most ${this.services.maxUpdateBytes} bytes.`,
      );
    }
    if (progress.joinPending(clientSeq, subscription)) return;
    const inspection = inspectUpdate(payload);
    if (inspection.kind === 'malformed')
      return this.refuse(subscription, clientSeq, 'malformed', inspection.explanation);
    const pendingId = this.nextPendingId++;
    progress.begin(clientSeq, pendingId, subscription);
    this.pendingRanges.set(pendingId, inspection.ranges);
    this.broadcast(subscription, payload);
    this.services.commits.enqueue(this, {
      pendingId,
      session: participant.session,
      clientSeq,
      name: participant.grant.name,
      timeMs: this.services.scheduler.now(),
      payload,
    });
  }

  private broadcast(from: Subscription, payload: Uint8Array): void {
    const author = from.participant.presenceId;
    const isSmall = payload.byteLength + UPDATE_ENVELOPE_BYTES <= PROTOCOL_LIMITS.maxFrameBytes;
    const frames = new Map<string, Uint8Array>();
    for (const subscription of this.subscriptions) {
      if (subscription === from || !subscription.isReceiving) continue;
      const { outlet } = subscription.participant;
      if (outlet.isLagging) {
        subscription.state = 'missed';
        continue;
      }
      const committedSeq = subscription.promisedSeq(this.headSeq);
      const { handle } = subscription;
      const message = { type: 'update', handle, author, committedSeq, payload } as const;
      if (!isSmall) {
        subscription.beginPayload(this.headSeq);
        outlet.send(message, 'bulk', () => {
          if (subscription.endPayload()) this.scheduleNotice();
        });
        continue;
      }
      const frameKey = `${handle} ${committedSeq}`;
      const frame = frames.get(frameKey) ?? relayMessageCodec.encode(message);
      frames.set(frameKey, frame);
      if (subscription.state === 'open') subscription.notifiedSeq = committedSeq;
      outlet.sendFrame(frame, 'edits');
    }
  }

  committed(
    updates: readonly PendingUpdate[],
    result: { epoch: string; headSeq: number; seqs: readonly number[] },
  ): void {
    this.headSeq = Math.max(this.headSeq, result.headSeq);
    const acks = new Map<Subscription, { clientSeq: number; seq: number }>();
    let byteLength = 0;
    for (const [index, update] of updates.entries()) {
      this.clocks.add(this.pendingRanges.get(update.pendingId) ?? []);
      this.pendingRanges.delete(update.pendingId);
      byteLength += update.payload.byteLength;
      const progress = this.progressOf(update.session);
      for (const subscription of progress.end(update.clientSeq, result.seqs[index])) {
        acks.set(subscription, {
          clientSeq: progress.committedClientSeq,
          seq: progress.committedSeqOf(update.clientSeq) ?? 0,
        });
      }
    }
    for (const [subscription, { clientSeq, seq }] of acks) this.ack(subscription, clientSeq, seq);
    if (result.epoch !== this.epoch) this.reopenAll(result.epoch);
    this.scheduleNotice();
    this.services.noteGrowth(this.key, updates.length, byteLength);
  }

  failed(updates: readonly PendingUpdate[], failure: LogFailure): void {
    this.services.reportProblem(failure);
    const reason = failure.code === 'full' ? 'storage-full' : 'storage-failed';
    for (const update of updates) {
      this.pendingRanges.delete(update.pendingId);
      for (const subscription of this.progressOf(update.session).end(update.clientSeq, undefined)) {
        this.refuse(subscription, update.clientSeq, reason, explainFailure(failure));
      }
    }
  }

  /** Tells the others how far a participant has stored the document (SPEC PR5). */
  applied(subscription: Subscription, seq: number): void {
    this.seen.note(subscription, Math.min(seq, this.headSeq));
  }

  /** The connection reads again: what it missed it fetches by opening once more. */
  caughtUp(subscription: Subscription): void {
    if (subscription.state !== 'missed') return;
    this.reopen(subscription, 'The connection was too slow for live edits; open the document again.');
  }

  private reopenAll(epoch: string): void {
    this.epoch = epoch;
    for (const subscription of this.subscriptions)
      this.reopen(subscription, 'The document was restored; compare it again.');
  }

  private reopen(subscription: Subscription, explanation: string): void {
    this.unsubscribe(subscription);
    const { handle, participant } = subscription;
    participant.outlet.send({ type: 'document-closed', handle, reason: 'reopen', explanation }, 'control');
  }

  private ack({ participant, handle, state }: Subscription, clientSeq: number, seq: number): void {
    if (state !== 'closed') participant.outlet.send({ type: 'ack', handle, clientSeq, seq }, 'control');
  }

  private refuse(
    { participant, handle, state }: Subscription,
    clientSeq: number,
    reason: Refusal,
    explanation: string,
  ): void {
    if (state === 'closed') return;
    participant.outlet.send({ type: 'refused', handle, clientSeq, reason, explanation }, 'control');
  }

  private scheduleNotice(): void {
    this.notice.value ??= this.services.scheduler.schedule(() => {
      this.notice.value = undefined;
      for (const subscription of this.subscriptions) this.sendNotice(subscription);
    }, NOTICE_DELAY_MS);
  }

  private sendNotice(subscription: Subscription): void {
    const seq = subscription.promisedSeq(this.headSeq);
    if (subscription.state !== 'open' || seq <= subscription.notifiedSeq) return;
    subscription.notifiedSeq = seq;
    // In the lane of the updates, so that it cannot overtake one.
    subscription.participant.outlet.send({ type: 'committed', handle: subscription.handle, seq }, 'edits');
  }

  private async load(): Promise<void> {
    try {
      const record = await this.services.log.readDocument(this.key);
      if (!record) return;
      const snapshot = await readSnapshot(this.services, this.key, record);
      if (snapshot) this.addClocks(snapshot.bytes, `snapshot at ${snapshot.seq}`);
      const fromSeq = snapshot?.seq ?? 0;
      let tailBytes = 0;
      for await (const page of readPages(this.services, this.key, fromSeq, record.headSeq)) {
        for (const { seq, payload } of page) {
          this.addClocks(payload, `update ${seq}`);
          tailBytes += payload.byteLength;
        }
      }
      this.epoch = record.epoch;
      this.headSeq = Math.max(this.headSeq, record.headSeq);
      this.services.noteGrowth(this.key, Math.max(0, record.headSeq - fromSeq), tailBytes);
    } catch (error) {
      // The next one who opens it tries again.
      this.loading = undefined;
      throw error;
    }
  }

  private addClocks(payload: Uint8Array, what: string): void {
    const inspection = inspectUpdate(payload);
    if (inspection.kind === 'malformed') {
      const { document, room } = this.key;
      throw new LogFailure('corrupted', `The ${what} of the document ${document} in room ${room} is damaged.`);
    }
    this.clocks.add(inspection.ranges);
  }

  private progressOf(session: SessionKey): SessionProgress<Subscription> {
    const name = sessionName(session);
    const progress = this.sessions.get(name) ?? new SessionProgress<Subscription>(undefined);
    this.sessions.set(name, progress);
    return progress;
  }

  private hasSession(session: SessionKey): boolean {
    const name = sessionName(session);
    return [...this.subscriptions].some(({ participant }) => sessionName(participant.session) === name);
  }

  dispose(): void {
    this.notice.dispose();
    this.seen.dispose();
    this.subscriptions.clear();
  }
}

function sessionName({ subject, sessionId }: SessionKey): string {
  return `${sessionId} ${subject}`;
}

function explainFailure(failure: LogFailure): string {
  if (failure.code === 'full')
    return "The relay's disk is full. Your edit is kept here and sent again; tell who runs the relay.";
  return 'The relay could not store the edit. It is kept here and sent again.';
}
