import { type Disposable, MutableDisposable } from '../../shared/lifecycle/index.ts';
import { mergeUpdates } from '../../shared/sync/merge-updates.ts';
import type { BackplaneMessage, PublishToPeers } from '../backplane/backplane.ts';
import { LogFailure } from '../log/log-failure.ts';
import type { DocumentHead, DocumentKey } from '../log/update-log.ts';
import { checkEdit } from './check-edit.ts';
import { toCommitNotice } from './commit-notice.ts';
import { CopyReports } from './copy-reports.ts';
import { DocumentEpoch } from './document-epoch.ts';
import type { DocumentServices } from './document-services.ts';
import { explainReadFailure, explainWriteFailure } from './explain-failure.ts';
import { FanOut } from './fan-out.ts';
import type { CommitTarget, PendingUpdate } from './group-commit.ts';
import { type ClockRange, inspectUpdate } from './inspect-update.ts';
import { KnownClocks } from './known-clocks.ts';
import { LogCursor } from './log-cursor.ts';
import { NestedTypes } from './nested-types.ts';
import { readAnswer } from './read-answer.ts';
import { addClocks, readClocks } from './read-clocks.ts';
import { type ClientHas, readPages } from './read-committed.ts';
import { RemoteUpdates } from './remote-updates.ts';
import { DocumentSessions } from './document-sessions.ts';
import type { Subscription } from './subscription.ts';
import { type CheckedUpdate, UpdateIntake } from './update-intake.ts';

/** What other nodes say about one document. */
export type DocumentBackplaneMessage = Extract<BackplaneMessage, { readonly document: string }>;

/** An update that is missing may be on its way from another node; after so long it is read from the log. */
const GAP_PATIENCE_MS = 25;
const UNKNOWN_AUTHOR = 0;
/** Why an epoch is another one than those who have the document open were told: there was none, or not that one. */
const BEGUN = 'Somebody has begun to write the document; compare it.';
const RESTORED = 'The document was restored; compare it again.';

/**
 * A document that somebody has open: order, durability and fan-out of its updates. It knows their clocks,
 * never their text. What other nodes commit it learns from them or, when a message is lost, from the log.
 */
export class LiveDocument implements CommitTarget, Disposable {
  readonly key: DocumentKey;
  /** What participants say about their copies of it. */
  readonly copies: CopyReports;
  private readonly services: DocumentServices;
  private readonly publish: PublishToPeers;
  private readonly epochs: DocumentEpoch;
  private readonly sessions = new DocumentSessions();
  private readonly pendingRanges = new Map<number, readonly ClockRange[]>();
  private readonly remote = new RemoteUpdates();
  private readonly intake = new UpdateIntake((subscription, update) => this.take(subscription, update));
  private readonly fanOut: FanOut;
  private readonly gapTimer = new MutableDisposable<Disposable>();
  private clocks = new KnownClocks();
  private nesting = new NestedTypes(this.clocks);
  private cursor = new LogCursor();
  private loading: Promise<void> | undefined;
  private isLoaded = false;
  private fillingGap: Promise<void> | undefined;

  constructor(key: DocumentKey, services: DocumentServices, publish: PublishToPeers) {
    this.key = key;
    this.services = services;
    this.publish = publish;
    this.epochs = new DocumentEpoch(key, services.log, services.createEpoch());
    this.fanOut = new FanOut(services, () => this.cursor.headSeq);
    const subscriptions = () => this.fanOut.subscriptions;
    this.copies = new CopyReports({ document: this, scheduler: services.scheduler, subscriptions, publish });
  }

  get epoch(): string {
    return this.epochs.current;
  }

  get isOpen(): boolean {
    return this.fanOut.subscriptions.size > 0;
  }

  /** Nobody has it open and nothing of it is on the way to the log. */
  get isIdle(): boolean {
    return !this.isOpen && this.intake.isEmpty && this.pendingRanges.size === 0;
  }

  /** Everything through it was sent to those who have the document open. */
  get headSeq(): number {
    return this.cursor.headSeq;
  }

  /** From now on the subscription gets live updates (SPEC DO4). */
  subscribe(subscription: Subscription): void {
    this.fanOut.add(subscription);
    this.sessions.enter(subscription.participant.session);
  }

  unsubscribe(subscription: Subscription): void {
    if (!this.fanOut.delete(subscription)) return;
    this.copies.forget(subscription);
    this.sessions.leave(subscription.participant.session);
  }

  /** Answers `open` (SPEC DO3). Rejects with a {@link LogFailure} when the document cannot be read. */
  async answerOpen(subscription: Subscription, request: ClientHas): Promise<void> {
    const { session } = subscription.participant;
    await (this.loading ??= this.load());
    this.intake.flush();
    await this.services.commits.settled(this);
    if (this.services.isLogShared) await this.compareWithLog(subscription);
    await this.sessions.meet(session, async () =>
      this.headSeq > 0 ? this.services.log.readLastOfSession(this.key, session) : undefined,
    );
    const isAhead = request.epoch === this.epoch && request.afterSeq > this.headSeq;
    // Only those who can change the text anyway are believed.
    if (isAhead && subscription.access === 'write') await this.checkRestore(request.afterSeq);
    // What was passed on before this subscription, and is beyond a gap or not known to be committed, it did not get.
    this.cursor.forgetBeyond();
    this.remote.clear();
    const { epoch, headSeq } = this;
    const { canInflate } = subscription.participant;
    const contents = await readAnswer(this.services, { ...this.key, epoch, headSeq }, this.clocks, request, canInflate);
    if (subscription.state !== 'opening') return;
    const stateVector = this.clocks.encodeStateVector();
    const { access } = subscription;
    // Meanwhile it may have been settled, and 0 is the same number in every epoch.
    const answer = { epoch: this.epoch, throughSeq: headSeq, stateVector, contents };
    this.fanOut.answer(subscription, answer, () => {
      this.copies.introduce(subscription);
      // The news of it may have overtaken `opened` (SPEC AC2).
      if (subscription.access !== access) this.close(subscription, 'reopen', 'What you may do here has changed.');
    });
    if (this.cursor.gap) this.scheduleGapFilling();
  }

  /** What the participant may do has changed, while the document was open. */
  standingChanged(subscription: Subscription): void {
    if (!this.services.isLogShared || !this.isLoaded || subscription.access !== 'write') return;
    if (this.epochs.isSettled) return;
    this.compareWithLog(subscription).catch((error: unknown) => this.services.reportProblem(error));
  }

  /** Learns what other nodes have done. The first who may write settles the epoch of a new document for all nodes. */
  private async compareWithLog({ access }: Subscription): Promise<void> {
    const { epoch, headSeq } = this;
    const head = access === 'write' ? await this.epochs.settle() : undefined;
    if (!head || epoch !== this.epoch || !this.isLoaded) return this.catchUp();
    this.epochs.noteLogged(head.epoch);
    const told = [...this.fanOut.subscriptions].filter(({ state }) => state !== 'opening');
    if (head.epoch !== epoch) for (const other of told) this.close(other, 'reopen', BEGUN);
    this.noteHead(head, headSeq);
    if (this.cursor.gap) await this.catchUp();
  }

  /** Takes an update of a participant who has the document open. */
  submit(subscription: Subscription, clientSeq: number, payload: Uint8Array): void {
    const { participant } = subscription;
    const progress = this.sessions.progressOf(participant.session);
    const takenAs = progress.committedSeqOf(clientSeq);
    if (takenAs !== undefined) return this.fanOut.ack(subscription, progress.committedClientSeq, takenAs);
    if (subscription.access !== 'write') {
      const reason = participant.standing.explanation || 'Your role may read this document, not change it.';
      return this.fanOut.refuse(subscription, clientSeq, 'read-only', reason);
    }
    const { maxUpdateBytes } = this.services;
    if (payload.byteLength > maxUpdateBytes) {
      const explanation = `An edit may have at most ${maxUpdateBytes} bytes.`;
      return this.fanOut.refuse(subscription, clientSeq, 'too-large', explanation);
    }
    if (progress.joinPending(clientSeq, subscription)) return;
    const check = checkEdit(payload, this.nesting, this.clocks);
    if (check.kind === 'refused') return this.fanOut.refuse(subscription, clientSeq, check.reason, check.explanation);
    progress.begin(clientSeq, subscription);
    this.intake.add(subscription, { clientSeqs: [clientSeq], payload: check.payload, ranges: check.ranges });
  }

  /** Sends an update to everybody else and to the log. */
  private take(subscription: Subscription, { clientSeqs, payload, ranges }: CheckedUpdate): void {
    const { session, presenceId: author, grant } = subscription.participant;
    const { document } = this.key;
    const pendingId = this.services.nextUpdateId();
    this.pendingRanges.set(pendingId, ranges);
    const clientSeq = clientSeqs.at(-1) ?? 0;
    const timeMs = this.services.scheduler.now();
    const pending = { pendingId, session, clientSeq, clientSeqs, name: grant.name, timeMs, payload };
    // First, so that whatever happens to the rest there is an answer. It takes its time; everybody else has it before.
    this.services.commits.enqueue(this, pending);
    this.fanOut.send(payload, author, subscription);
    this.publish(() => ({ kind: 'update', document, origin: pendingId, author, payload }));
  }

  committed(
    updates: readonly PendingUpdate[],
    result: { epoch: string; headSeq: number; seqs: readonly number[] },
  ): void {
    if (result.epoch !== this.epoch) this.startEpoch(result.epoch);
    else this.epochs.noteLogged(result.epoch);
    const acks = new Map<Subscription, { clientSeq: number; seq: number }>();
    let byteLength = 0;
    for (const [index, update] of updates.entries()) {
      this.clocks.add(this.pendingRanges.get(update.pendingId) ?? []);
      this.pendingRanges.delete(update.pendingId);
      byteLength += update.payload.byteLength;
      const seq = result.seqs[index] ?? 0;
      this.cursor.add(seq, seq);
      const progress = this.sessions.progressOf(update.session);
      for (const clientSeq of update.clientSeqs) {
        for (const subscription of progress.end(clientSeq, seq))
          acks.set(subscription, {
            clientSeq: progress.committedClientSeq,
            seq: progress.committedSeqOf(clientSeq) ?? 0,
          });
      }
      this.sessions.prune(update.session);
    }
    this.noteCommitted(result.headSeq);
    for (const [subscription, { clientSeq, seq }] of acks) this.fanOut.ack(subscription, clientSeq, seq);
    this.publish(() => toCommitNotice(this.key.document, updates, result));
    this.services.noteGrowth(this.key, updates.length, byteLength);
  }

  failed(updates: readonly PendingUpdate[], failure: LogFailure): void {
    this.services.reportProblem(failure);
    const reason = failure.code === 'full' ? 'storage-full' : 'storage-failed';
    for (const update of updates) {
      this.pendingRanges.delete(update.pendingId);
      for (const clientSeq of update.clientSeqs) {
        for (const subscription of this.sessions.progressOf(update.session).end(clientSeq, undefined))
          this.fanOut.refuse(subscription, clientSeq, reason, explainWriteFailure(failure));
      }
      this.sessions.prune(update.session);
    }
  }

  /** Takes what another node says about the document. */
  receive(message: DocumentBackplaneMessage, nodeId: string): void {
    switch (message.kind) {
      case 'update':
        return this.receiveUpdate(message, nodeId);
      case 'committed':
        return this.receiveCommit(message, nodeId);
      default:
        this.copies.receive(message);
    }
  }

  private receiveUpdate(
    { origin, author, payload }: Extract<DocumentBackplaneMessage, { kind: 'update' }>,
    nodeId: string,
  ): void {
    const inspection = inspectUpdate(payload);
    // The log has the truth.
    if (inspection.kind === 'malformed') return this.services.reportProblem(new Error(inspection.explanation));
    this.nesting.add(payload);
    this.fanOut.send(payload, author);
    this.remote.note(nodeId, origin, inspection.ranges);
  }

  private receiveCommit(
    { epoch, fromSeq, origins }: Extract<DocumentBackplaneMessage, { kind: 'committed' }>,
    nodeId: string,
  ): void {
    // It may be an old notice, or the first of a document that is new here: the log knows.
    if (epoch !== this.epoch) return this.scheduleGapFilling();
    for (const [index, origin] of origins.entries()) {
      const ranges = this.remote.take(nodeId, origin);
      if (!ranges) continue;
      this.clocks.add(ranges);
      this.cursor.add(fromSeq + index, fromSeq + index);
    }
    this.noteCommitted(fromSeq + origins.length - 1);
  }

  /** Takes where the log says that the document stands. `headSeqBefore`: how far it was here when the log was asked. */
  noteHead(head: DocumentHead | undefined, headSeqBefore: number): void {
    if (!this.isLoaded) return;
    if (head && head.epoch !== this.epoch) return this.startEpoch(head.epoch);
    if ((head?.headSeq ?? 0) >= headSeqBefore) return this.noteCommitted(head?.headSeq ?? 0);
    this.checkRestore(headSeqBefore).catch((error: unknown) => this.services.reportProblem(error));
  }

  private noteCommitted(seq: number): void {
    this.cursor.noteCommitted(seq);
    this.fanOut.scheduleNotice();
    if (this.cursor.gap) this.scheduleGapFilling();
  }

  private scheduleGapFilling(): void {
    this.gapTimer.value ??= this.services.scheduler.schedule(() => {
      this.gapTimer.value = undefined;
      void this.askLog();
    }, GAP_PATIENCE_MS);
  }

  /** Sends everybody what the log has by now and they lack. Never rejects. */
  async askLog(): Promise<void> {
    // What is being read already may be older, and what is not loaded takes no answer.
    await Promise.allSettled([this.loading, this.fillingGap]);
    if (this.isOpen) await this.catchUp().catch((error: unknown) => this.gapFillingFailed(error));
  }

  private gapFillingFailed(error: unknown): void {
    this.services.reportProblem(error);
    if (!(error instanceof LogFailure) || error.code !== 'corrupted') return;
    for (const subscription of this.fanOut.subscriptions)
      this.close(subscription, 'unreadable', explainReadFailure(error));
  }

  /** Asks the log where the document stands and sends everybody what they lack of it. */
  private async catchUp(): Promise<void> {
    await (this.fillingGap ??= this.fillGap().finally(() => {
      this.fillingGap = undefined;
    }));
  }

  private async fillGap(): Promise<void> {
    const headSeqBefore = this.headSeq;
    const [head] = await this.services.log.readHeads([this.key]);
    this.noteHead(head, headSeqBefore);
    const { cursor } = this;
    while (cursor.gap && this.isLoaded && this.isOpen) {
      const { gap } = cursor;
      for await (const page of readPages(this.services, this.key, gap.from - 1, gap.through)) {
        // A new epoch has begun meanwhile.
        if (cursor !== this.cursor) return;
        addClocks(this.key, page, this.clocks, this.nesting);
        this.fanOut.send(mergeUpdates(page.map(({ payload }) => payload)), UNKNOWN_AUTHOR);
        cursor.add(page[0]?.seq ?? 1, page.at(-1)?.seq ?? 0);
      }
    }
    this.fanOut.scheduleNotice();
  }

  /** The log once had `seq`. When it is behind that now, an older copy was restored and its numbers mean something else. */
  private async checkRestore(seq: number): Promise<void> {
    const { log, createEpoch } = this.services;
    const { epoch } = this;
    const [head] = await log.readHeads([this.key]);
    if (this.epoch !== epoch) return;
    if (head && (head.epoch !== epoch || head.headSeq >= seq)) return this.noteHead(head, 0);
    this.startEpoch(await log.replaceEpoch(this.key, epoch, createEpoch()));
  }

  /** Forgets what was known of the numbers, and lets everybody compare anew (SPEC SY6). */
  private startEpoch(epoch: string): void {
    const explanation = this.epochs.isSettled ? RESTORED : BEGUN;
    this.epochs.begin(epoch);
    this.loading = undefined;
    this.isLoaded = false;
    this.clocks = new KnownClocks();
    this.nesting = new NestedTypes(this.clocks);
    this.cursor = new LogCursor();
    this.remote.clear();
    this.copies.reset();
    this.sessions.forgetCommitted();
    for (const subscription of this.fanOut.subscriptions) this.close(subscription, 'reopen', explanation);
  }

  /** The connection reads again: what it missed it fetches by opening once more. */
  caughtUp(subscription: Subscription): void {
    if (subscription.state !== 'missed') return this.copies.caughtUp(subscription);
    this.close(subscription, 'reopen', 'The connection was too slow for live edits; open the document again.');
  }

  private close(subscription: Subscription, reason: 'reopen' | 'unreadable', explanation: string): void {
    this.unsubscribe(subscription);
    this.fanOut.close(subscription, reason, explanation);
  }

  private async load(): Promise<void> {
    try {
      const { cursor } = this;
      const record = await this.services.log.readDocument(this.key);
      let tail = { updates: 0, byteLength: 0 };
      if (record) tail = await readClocks(this.services, this.key, record, this.clocks, this.nesting);
      // A new epoch has begun meanwhile.
      if (cursor !== this.cursor) return await this.load();
      this.epochs.noteLogged(record?.epoch);
      cursor.jumpTo(record?.headSeq ?? 0);
      this.isLoaded = true;
      if (tail.updates > 0) this.services.noteGrowth(this.key, tail.updates, tail.byteLength);
    } catch (error) {
      // The next one who opens it tries again.
      this.loading = undefined;
      throw error;
    }
  }

  dispose(): void {
    this.gapTimer.dispose();
    this.copies.dispose();
    this.fanOut.dispose();
  }
}
