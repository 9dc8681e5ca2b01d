import * as Y from 'yjs';
import type { DocumentAccess } from '../access/index.ts';
import { INDEX_DOCUMENT } from '../workspace/index.ts';
import { type Disposable, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import type { DocumentDigest } from '../protocol/index.ts';
import { Backoff } from './backoff.ts';
import type { DocumentMessage, DocumentReceiver, DocumentWire } from './document-wire.ts';
import type { SyncCursor } from './offline-store.ts';
import type { Outbox } from './outbox.ts';

/** Room for the fields around a payload. */
const ENVELOPE_BYTES = 1024;
const APPLIED_INTERVAL_MS = 250;
/** Of an update of no structs and no deletions. */
const EMPTY_UPDATE_BYTES = 2;
/** Reasons of `refused` after which the update is sent again. */
export const TRANSIENT_REFUSALS: readonly string[] = ['rate-limited', 'storage-full', 'storage-failed'];

type MessageOfType<T extends DocumentMessage['type']> = Extract<DocumentMessage, { type: T }>;

/** Where the relay's log has edits of this device, in the numbers of one document. */
export interface AckedSpan {
  readonly epoch: string;
  readonly fromSeq: number;
  /** Inclusive. */
  readonly toSeq: number;
}

/** The replica behind a channel. */
export interface ChannelHost {
  readonly name: string;
  readonly doc: Y.Doc;
  readonly outbox: Outbox;
  /** How far the replica has everything, as far as it is known. */
  readonly cursor: SyncCursor | undefined;
  /** What is sent waits behind other documents. */
  readonly isBulk: boolean;
  /** Whether updates of somebody are to be applied by themselves: what they write they wrote before they came. */
  isLate(author: number): boolean;
  /**
   * Applies and stores what others wrote; `author`: the presence id of the one who did, 0 when that is not known or
   * several did. Throws when a payload is not a Yjs update.
   */
  applyRemote(payloads: readonly Uint8Array[], author: number): void;
  /** Others have stored the document so far. */
  seenBy(epoch: string, entries: MessageOfType<'seen'>['entries']): void;
  /** The relay may not have committed the last applied `payloads` yet. */
  noteUncommitted(payloads: readonly Uint8Array[]): void;
  cursorMoved(cursor: SyncCursor): void;
  /** The relay has taken edits under these numbers; others' may lie between them. */
  acked(span: AckedSpan): void;
  /** Access, sync, outbox or seen state may have changed. */
  statusChanged(): void;
  /** An update was refused and stays here. */
  updateRefused(explanation: string): void;
  /** The relay sent what is not a Yjs update. The channel takes nothing more. */
  malformed(error: unknown): void;
  /** The relay tells what the copies of others are (SPEC DG3). */
  digestsHeard(message: MessageOfType<'digests'>): void;
  /** The document must be opened anew. */
  reopen(): void;
  closedByRelay(message: MessageOfType<'document-closed'>): void;
}

/** One opening of one document on one connection: both sides of the sync (SPEC SY) and the acks (SPEC UP). */
export class DocumentChannel implements DocumentReceiver, Disposable {
  private readonly host: ChannelHost;
  private readonly wire: DocumentWire;
  private readonly scheduler: Scheduler;
  private readonly backoff: Backoff;
  private readonly retry = new MutableDisposable<Disposable>();
  private readonly appliedPause = new MutableDisposable<Disposable>();
  private readonly handle: number;
  private phase: 'opening' | 'syncing' | 'synced' | 'closed' = 'opening';
  private incoming: { readonly payload: Uint8Array; readonly author: number }[] = [];
  private epoch = '';
  private reachedSeq = 0;
  private isComparingEpochs = false;
  private appliedSeq = 0;
  /** Updates that were sent and not acked, with what had come by then. */
  private unacked: { readonly clientSeq: number; readonly reachedSeq: number }[] = [];
  /** The relay gave less than the role does, whatever becomes of the role. */
  isRestricted = false;
  private wasOpenedToRead = false;

  access: DocumentAccess | undefined;
  /** The relay's number of our last durable update on this connection; 0: none yet. */
  ackedSeq = 0;
  /** How far others have stored the document, by presence id. */
  readonly seen = new Map<number, number>();

  constructor(host: ChannelHost, wire: DocumentWire, scheduler: Scheduler, random: () => number) {
    this.host = host;
    this.wire = wire;
    this.scheduler = scheduler;
    this.backoff = new Backoff(random);
    this.handle = wire.assignHandle(this);
    wire.send(
      {
        type: 'open',
        handle: this.handle,
        document: host.name,
        epoch: host.cursor?.epoch ?? '',
        afterSeq: host.cursor?.seq ?? 0,
        stateVector: Y.encodeStateVector(host.doc),
      },
      host.isBulk,
    );
  }

  get isSynced(): boolean {
    return this.phase === 'synced';
  }

  receive(message: DocumentMessage): void {
    if (this.phase === 'closed') return;
    if (message.type === 'update') return this.receiveUpdate(message);
    try {
      this.applyIncoming();
      this.take(message);
    } catch (error) {
      this.fail(error);
    }
  }

  private take(message: Exclude<DocumentMessage, { type: 'update' }>): void {
    switch (message.type) {
      case 'opened':
        return this.opened(message);
      case 'sync':
        return this.sync(message);
      case 'committed':
        return this.reached(message.seq);
      case 'ack':
        return this.acked(message);
      case 'refused':
        return this.refused(message);
      case 'seen':
        for (const { presenceId, seq } of message.entries) this.seen.set(presenceId, seq);
        this.host.seenBy(this.epoch, message.entries);
        return this.host.statusChanged();
      case 'digests':
        return this.host.digestsHeard(message);
      case 'document-closed':
        this.phase = 'closed';
        return this.host.closedByRelay(message);
    }
  }

  // Updates that arrive in one turn are applied in one transaction.
  private receiveUpdate({ payload, author, committedSeq }: MessageOfType<'update'>): void {
    this.incoming.push({ payload, author });
    if (this.phase === 'synced') this.reachedSeq = Math.max(this.reachedSeq, committedSeq);
    if (this.incoming.length > 1) return;
    void Promise.resolve().then(() => this.takeIncoming());
  }

  /** Applies at once what has arrived. */
  takeIncoming(): void {
    if (this.phase === 'closed') return;
    try {
      this.applyIncoming();
    } catch (error) {
      this.fail(error);
    }
  }

  private applyIncoming(): void {
    if (this.incoming.length === 0) return;
    const updates = this.incoming;
    this.incoming = [];
    const payloads = updates.map(({ payload }) => payload);
    const [first] = updates;
    if (first && updates.every(({ author }) => author === first.author)) this.host.applyRemote(payloads, first.author);
    else if (updates.some(({ author }) => this.host.isLate(author)))
      for (const { payload, author } of updates) this.host.applyRemote([payload], author);
    else this.host.applyRemote(payloads, 0);
    this.host.noteUncommitted(payloads);
    if (this.phase === 'synced') this.reached(this.reachedSeq);
  }

  private fail(error: unknown): void {
    this.phase = 'closed';
    this.incoming = [];
    this.wire.send({ type: 'close', handle: this.handle });
    this.host.malformed(error);
  }

  private opened({ epoch, stateVector, access }: MessageOfType<'opened'>): void {
    if (this.phase !== 'opening') return;
    const relayHas = Y.decodeStateVector(stateVector);
    const known = this.host.cursor;
    this.phase = 'syncing';
    this.epoch = epoch;
    this.isRestricted = access === 'read' && this.wire.roleAccessTo(this.host.name) === 'write';
    this.wasOpenedToRead = access === 'read' && !this.isRestricted;
    this.access = access;
    if (access === 'write') {
      this.isComparingEpochs = known !== undefined && known.epoch !== epoch;
      if (this.isComparingEpochs || this.relayLacksMore(relayHas)) {
        const missing = Y.encodeStateAsUpdate(this.host.doc, stateVector);
        // The relay logs whatever it is sent: nothing would be told to others as an edit.
        if (missing.byteLength > EMPTY_UPDATE_BYTES) this.host.outbox.addRepeated(missing);
      }
    }
    if (access === 'read') this.host.outbox.forgetRescued();
    this.sendWaiting();
    this.host.statusChanged();
  }

  /** Our role has changed (SPEC AC2). What was typed while nothing could be sent goes out when we may write again. */
  accessChanged(): void {
    if (this.phase !== 'syncing' && this.phase !== 'synced') return;
    const access = this.isRestricted ? 'read' : this.wire.roleAccessTo(this.host.name);
    if (access === this.access) return;
    // Whether somebody may write the list, whatever their role, the relay tells only to those whose role may (SPEC AC5).
    if (access === 'write' && this.wasOpenedToRead && this.host.name === INDEX_DOCUMENT) return this.host.reopen();
    this.access = access;
    if (access === 'write') this.host.outbox.retryRefused();
    this.sendWaiting();
    this.host.statusChanged();
  }

  /** Whether the replica has structs beyond what the relay holds and what waits in the outbox (SPEC SY4). */
  private relayLacksMore(relayHas: ReadonlyMap<number, number>): boolean {
    // What waits for missing structs is in no state vector, and the relay may never have committed it.
    const { pendingStructs, pendingDs } = this.host.doc.store;
    if (pendingStructs !== null || pendingDs !== null) return true;
    const ours = Y.decodeStateVector(Y.encodeStateVector(this.host.doc));
    for (const [client, clock] of ours) {
      const relayClock = relayHas.get(client) ?? 0;
      if (clock > relayClock && !this.host.outbox.covers(client, relayClock, clock)) return true;
    }
    return false;
  }

  /** Sends what waits in the outbox, when the relay is ready to take it. */
  sendWaiting(): void {
    const isOpen = this.phase === 'syncing' || this.phase === 'synced';
    if (!isOpen || this.access !== 'write' || this.retry.value) return;
    const maxBytes = this.wire.maxUpdateBytes - ENVELOPE_BYTES;
    for (const batch of this.host.outbox.takeWaiting(maxBytes)) {
      if (batch.payload.byteLength > this.wire.maxUpdateBytes) {
        const explanation = `An edit of ${batch.payload.byteLength} bytes is larger than the relay takes (${this.wire.maxUpdateBytes}). It stays on this device.`;
        batch.refuse(explanation);
        this.host.updateRefused(explanation);
        continue;
      }
      const clientSeq = this.wire.nextClientSeq();
      batch.sent(clientSeq);
      this.unacked.push({ clientSeq, reachedSeq: this.reachedSeq });
      const { payload } = batch;
      this.wire.send({ type: 'update', handle: this.handle, clientSeq, payload }, this.host.isBulk);
    }
  }

  private sync({ payload, isLast, throughSeq }: MessageOfType<'sync'>): void {
    if (payload.byteLength > 0) this.host.applyRemote([payload], 0);
    if (!isLast || this.phase !== 'syncing') return;
    this.phase = 'synced';
    this.reached(throughSeq);
    this.host.statusChanged();
  }

  private reached(seq: number): void {
    if (this.phase !== 'synced') return;
    this.reachedSeq = Math.max(this.reachedSeq, seq);
    // A new epoch counts only once the relay has what the old one held: until then a reconnect must compare again.
    if (this.isComparingEpochs && this.host.outbox.hasRepeated) return;
    this.isComparingEpochs = false;
    const known = this.host.cursor;
    if (known?.epoch === this.epoch && known.seq >= this.reachedSeq) return;
    this.host.cursorMoved({ epoch: this.epoch, seq: this.reachedSeq });
  }

  private acked({ clientSeq, seq }: MessageOfType<'ack'>): void {
    this.host.outbox.acked(clientSeq);
    this.host.acked(this.takeAcked(clientSeq, seq));
    this.ackedSeq = Math.max(this.ackedSeq, seq);
    this.backoff.reset();
    if (this.isComparingEpochs) this.reached(this.reachedSeq);
    this.host.statusChanged();
  }

  private takeAcked(clientSeq: number, seq: number): AckedSpan {
    const [first, ...others] = this.unacked.filter((update) => update.clientSeq <= clientSeq);
    this.unacked = this.unacked.filter((update) => update.clientSeq > clientSeq);
    // The numbers of those that are acked by a later one are known to be above what had come when they were sent.
    const isSingle = !first || others.length === 0;
    const fromSeq = isSingle ? seq : Math.min(seq, Math.max(this.ackedSeq, first.reachedSeq) + 1);
    return { epoch: this.epoch, fromSeq, toSeq: seq };
  }

  private refused({ clientSeq, reason, explanation }: MessageOfType<'refused'>): void {
    const { outbox } = this.host;
    if (TRANSIENT_REFUSALS.includes(reason)) {
      outbox.postponed(clientSeq);
      this.retry.value ??= this.scheduler.schedule(() => {
        this.retry.value = undefined;
        this.sendWaiting();
      }, 250 + this.backoff.nextDelayMs());
    } else {
      outbox.refused(clientSeq, { explanation, isFinal: reason !== 'read-only' });
      this.host.updateRefused(explanation);
    }
    this.host.statusChanged();
  }

  /** Everything through the cursor is stored on this device; the relay tells the others (SPEC PR5). */
  stored({ epoch, seq }: SyncCursor): void {
    if (this.phase !== 'synced' || epoch !== this.epoch || seq <= this.appliedSeq) return;
    this.appliedSeq = seq;
    if (!this.appliedPause.value) this.sayApplied();
  }

  /** Each one goes to everybody: while others type, a few a second are enough. */
  private sayApplied(): void {
    const saidSeq = this.appliedSeq;
    this.wire.send({ type: 'applied', handle: this.handle, seq: saidSeq });
    this.appliedPause.value = this.scheduler.schedule(() => {
      this.appliedPause.value = undefined;
      if (this.phase === 'synced' && this.appliedSeq > saidSeq) this.sayApplied();
    }, APPLIED_INTERVAL_MS);
  }

  /** Whether the epoch of the replica's cursor is the relay's. */
  get isInEpoch(): boolean {
    return this.phase === 'synced' && this.host.cursor?.epoch === this.epoch;
  }

  /** Tells the others what our copy is; false when that cannot be told. */
  sayDigest(digest: DocumentDigest): boolean {
    if (this.phase !== 'synced' || !this.wire.takesDigests) return false;
    this.wire.send({ type: 'digest', handle: this.handle, ...digest });
    return true;
  }

  /** Tells the relay that the document is not wanted any more. */
  close(): void {
    if (this.phase !== 'closed') this.wire.send({ type: 'close', handle: this.handle });
    this.dispose();
  }

  dispose(): void {
    this.phase = 'closed';
    this.retry.dispose();
    this.appliedPause.dispose();
    this.wire.releaseHandle(this.handle);
  }
}
