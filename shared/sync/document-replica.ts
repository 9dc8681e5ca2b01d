import * as Y from 'yjs';
import { Agreement } from './agreement.ts';
import type { AwayFollower } from './away/away-follower.ts';
import { Emitter, errorMessage } from '../lifecycle/index.ts';
import { type KnownAccess, mayWrite, type SaveState } from './connection-state.ts';
import type { AckedSpan, ChannelHost } from './document-channel.ts';
import type { DocumentWire } from './document-wire.ts';
import type { DocumentReplicaOptions } from './document-replica-options.ts';
import type { StoredDocument, SyncCursor } from './offline-store.ts';
import { Outbox, type OutboxTicket } from './outbox.ts';
import { isReservedDocument } from '../workspace/index.ts';
import { RecentUpdates } from './recent-updates.ts';
import { ReplicaChannel } from './replica-channel.ts';
import { ReplicaCopy } from './replica-copy.ts';
import { ReplicaOrigins } from './replica-origins.ts';
import { ReplicaProblems } from './replica-problems.ts';
import { ReplicaStore } from './replica-store.ts';
import { saveStateOf } from './save-state.ts';

/**
 * One document as this device has it: read from the store, kept in step with the relay, and everything written to the
 * store. Whoever holds a lease may edit `doc`; every change that the engine did not make itself is an edit to be sent.
 */
export class DocumentReplica {
  readonly name: string;
  readonly doc: Y.Doc;
  /** Resolves when `doc` has what was stored; also when the store cannot be read, which is reported as a problem. */
  readonly whenLoaded: Promise<void>;
  /** Resolves with the first complete sync of this replica's life; stays pending while there is no relay. */
  readonly whenSynced: Promise<void>;

  private readonly options: DocumentReplicaOptions;
  private readonly store: ReplicaStore;
  private readonly problems: ReplicaProblems;
  private readonly origins: ReplicaOrigins;
  private readonly outbox: Outbox;
  private readonly recent = new RecentUpdates();
  private readonly channel: ReplicaChannel;
  private readonly statusChangedEmitter = new Emitter<void>();
  private readonly away: AwayFollower | undefined;
  private resolveClosed: () => void = () => {};
  private readonly whenClosed = new Promise<void>((resolve) => {
    this.resolveClosed = resolve;
  });
  private cursor: SyncCursor | undefined;
  private resolveSynced: () => void = () => {};
  private currentSaveState: SaveState = { kind: 'on-the-relay' };
  private hasBeenRestricted = false;
  private hasSynced = false;
  private isStored = true;
  private isLoaded = false;
  /** Something of the document was stored here, or was written here since. */
  private hasContent = false;
  private isDisposed = false;
  private isBulk = false;

  /** Whether the copies of others are the same. */
  readonly agreement: Agreement;

  /** Fires when `saveState`, `access` or `isSynced` may have changed. */
  readonly onDidChangeStatus = this.statusChangedEmitter.event;

  constructor(options: DocumentReplicaOptions) {
    this.options = options;
    this.name = options.name;
    this.problems = new ReplicaProblems(options);
    this.doc = new Y.Doc();
    const store = options.openStore(this.doc);
    this.origins = new ReplicaOrigins(this.doc, store.ownOrigin);
    this.store = new ReplicaStore({
      store,
      scheduler: options.scheduler,
      random: options.random,
      onFailure: (error) => this.storeFailed(error),
      onRecovery: () => this.problems.storeRecovered(),
      onCursorSaved: (cursor) => this.channel.value?.stored(cursor),
    });
    this.outbox = new Outbox((localId) => this.store.markAcked(localId));
    this.channel = this.createChannel();
    this.agreement = this.createAgreement();
    if (options.initial) this.origins.applyInitial(options.initial);
    this.doc.on('update', this.noticeUpdate);
    this.away = options.follow?.({
      name: this.name,
      doc: this.doc,
      sourceOf: (origin) => this.origins.sourceOf(origin),
      access: () => this.access,
      cursor: () => this.cursor,
      edits: () => ({ last: this.outbox.lastEdit, firstUnacked: this.outbox.firstUnacked }),
      write: (task) => this.writeTask(task),
    });
    this.whenSynced = new Promise((resolve) => {
      this.resolveSynced = resolve;
    });
    this.whenLoaded = this.load();
  }

  /** Resolves when `doc`, as it is now, is kept on this device, or cannot be for the time being. */
  async whenKept(): Promise<void> {
    await this.whenLoaded;
    await this.store.whenIdle();
  }

  /** Whether edits get to the store: false while one that failed is tried again. True where `doc` is in memory only. */
  get canKeep(): boolean {
    return !this.isStored || this.store.canKeep;
  }

  /** Until all is sent, what is sent waits behind other documents. To be called before the edits are made. */
  sendAsBulk(): void {
    this.isBulk = true;
  }

  /** Numbers the edits of this engine start from 1. */
  get lastEdit(): number {
    return this.outbox.lastEdit;
  }

  /** All edits with lower numbers are acked. */
  get firstUnacked(): number {
    return this.outbox.firstUnacked;
  }

  /** What the relay lets this connection do; unknown until it has answered. */
  get access(): KnownAccess {
    if (this.channel.isForbidden) return 'none';
    return this.channel.value?.access ?? (this.hasBeenRestricted ? 'read' : 'unknown');
  }

  /** Whether the relay lets us do less than our role says, as far as it has told on this or an earlier connection. */
  get isRestricted(): boolean {
    return this.hasBeenRestricted;
  }

  /** Whether the replica has everything that the relay committed, and hears of what follows. */
  get isSynced(): boolean {
    return this.channel.value?.isSynced ?? false;
  }

  /** Whether {@link whenSynced} has resolved. */
  get wasSynced(): boolean {
    return this.hasSynced;
  }

  /**
   * Whether the text is this device's to show and to edit: it was here or made here, or has come from the relay. Else
   * that it is empty means nothing.
   */
  get isKnown(): boolean {
    return this.hasSynced || this.hasContent || isReservedDocument(this.name) || this.options.isOwn?.() === true;
  }

  get saveState(): SaveState {
    return this.currentSaveState;
  }

  /** Whether edits wait to be sent or acked. */
  get hasUnsent(): boolean {
    return !this.isLoaded || (mayWrite(this.access) && this.outbox.summarize().hasUnacked);
  }

  /** Whether the relay has answered for good on the current connection, one way or the other. */
  get isSettled(): boolean {
    return this.isSynced || (this.channel.wire !== undefined && this.channel.value === undefined && this.isLoaded);
  }

  private async load(): Promise<void> {
    await this.options.whenStoreFree;
    // What an earlier replica noted is not about what this one begins with.
    const draft = this.options.initial ? undefined : await this.away?.readDraft();
    try {
      const stored = await this.store.load();
      this.restore(stored);
      this.away?.loaded(
        draft,
        stored.unacked.map(({ payload }) => payload),
      );
    } catch (error) {
      this.isStored = false;
      this.away?.loaded(undefined, []);
      this.outbox.stopWaitingForStore();
      this.problems.storeUnreadable(error);
    }
    this.isLoaded = true;
    if (this.cursor !== undefined || this.doc.store.clients.size > 0) this.hasContent = true;
    this.channel.allow();
    this.updateStatus();
  }

  private restore(stored: StoredDocument): void {
    const skipped = this.origins.applyStored(stored.updates);
    this.outbox.addStored(stored.unacked);
    for (const { payload } of stored.unacked) this.options.onOwnEdit?.(payload, 0);
    this.cursor = skipped > 0 ? undefined : stored.cursor;
    if (skipped > 0) this.problems.updatesDamaged(skipped);
  }

  private readonly noticeUpdate = (update: Uint8Array, origin: unknown): void => {
    if (this.origins.sourceOf(origin) !== 'local') return;
    this.hasContent = true;
    const ticket = this.outbox.addEdit(update);
    this.options.onOwnEdit?.(update, this.lastEdit);
    this.keep(update, ticket);
  };

  private keep(update: Uint8Array, ticket: OutboxTicket): void {
    if (this.isStored) {
      this.store.appendLocal(update, (localId) => {
        ticket.stored(localId);
        this.updateStatus();
      });
    }
    this.channel.value?.sendWaiting();
    this.updateStatus();
  }

  /** A connection was welcomed. */
  connected(wire: DocumentWire): void {
    this.channel.connected(wire);
  }

  disconnected(): void {
    const { value: channel, wire } = this.channel;
    channel?.takeIncoming();
    const deletions = wire && this.recent.takeDeletions(this.doc, wire.lastHeardMs);
    const mightWrite = mayWrite(this.access);
    this.channel.disconnected();
    if (deletions && mightWrite) this.keep(deletions, this.outbox.addRescued(deletions));
    this.away?.left();
  }

  /** What we may do with documents has changed. */
  accessChanged(): void {
    this.channel.value?.accessChanged();
  }

  /** The list of files has changed: a document that was closed to us may be open to us now (SPEC AC5). */
  listChanged(): void {
    this.channel.listChanged();
  }

  /** Files were made on this device. */
  ownFilesChanged(): void {
    if (!this.hasSynced && !this.hasContent) this.updateStatus();
  }

  /** Where the edits of the file's entry in the list are has changed. */
  entryChanged(): void {
    this.updateStatus();
  }

  /** Somebody came or went. */
  participantsChanged(): void {
    if (this.channel.value?.ackedSeq) this.updateStatus();
    else this.agreement.statusChanged();
  }

  private createChannel(): ReplicaChannel {
    const { scheduler, random, isListed } = this.options;
    return new ReplicaChannel({
      host: this.createHost(),
      scheduler,
      random,
      isListed,
      onClosed: () => {
        this.outbox.disconnected();
        this.agreement.channelClosed();
        this.updateStatus();
      },
      onStatus: () => this.updateStatus(),
      report: (kind, explanation) => this.problems.report(kind, explanation),
    });
  }

  private createHost(): ChannelHost {
    // The channel sees them as they are when it asks.
    const getCursor = () => this.cursor;
    const getIsBulk = () => this.isBulk;
    return {
      name: this.name,
      doc: this.doc,
      outbox: this.outbox,
      get cursor() {
        return getCursor();
      },
      get isBulk() {
        return getIsBulk();
      },
      acked: (span) => this.acked(span),
      isLate: (author) => this.away?.isLate(author) === true,
      applyRemote: (payloads, author) => this.applyRemote(payloads, author),
      seenBy: (epoch, entries) => this.away?.seenBy(epoch, entries),
      noteUncommitted: (payloads) => {
        for (const payload of payloads) this.recent.add(payload, this.options.scheduler.elapsedMs());
      },
      cursorMoved: (cursor) => {
        this.cursor = cursor;
        if (this.isStored) this.store.saveCursor(cursor);
      },
      statusChanged: () => this.updateStatus(),
      updateRefused: (explanation) => this.problems.updateRefused(explanation),
      malformed: (error) => {
        this.cursor = undefined;
        this.channel.malformed(errorMessage(error));
      },
      digestsHeard: (message) => this.agreement.receive(message),
      reopen: () => this.channel.reopen(),
      closedByRelay: (message) => this.channel.closedByRelay(message),
    };
  }

  private createAgreement(): Agreement {
    const { name, doc, outbox } = this;
    const { scheduler, isPresent } = this.options;
    const [channel, cursor, reopen] = [() => this.channel.value, () => this.cursor, () => this.channel.reopen()];
    return new Agreement(new ReplicaCopy({ name, doc, outbox, scheduler, isPresent, channel, cursor, reopen }));
  }

  private writeTask(task: () => Promise<void>): void {
    // Without its store, or after it, what belongs to the whole room is written by itself.
    if (this.isStored && !this.isDisposed) this.store.enqueueTask(task);
    else void this.whenClosed.then(task).catch((error: unknown) => this.storeFailed(error));
  }

  private applyRemote(payloads: readonly Uint8Array[], author: number): void {
    const apply = () => this.origins.applyRemote(payloads);
    try {
      if (this.away) this.away.receive(author, payloads, apply);
      else apply();
    } catch (error) {
      // Part of them may be in the document, and the relay will not send that part again.
      if (this.isStored) this.store.appendRemote(Y.encodeStateAsUpdate(this.doc));
      throw error;
    }
    if (!this.isStored) return;
    for (const payload of payloads) this.store.appendRemote(payload);
  }

  private acked(span: AckedSpan): void {
    this.options.onAcked?.(span, this.outbox.firstUnacked);
    this.away?.acked({ epoch: span.epoch, seq: span.toSeq });
  }

  private updateStatus(): void {
    const { value: channel } = this.channel;
    if (channel?.access !== undefined) this.hasBeenRestricted = channel.isRestricted;
    if (this.isSynced && !this.hasSynced) {
      this.hasSynced = true;
      this.resolveSynced();
    }
    if (this.isBulk && this.isSynced && this.outbox.summarize().isEmpty) this.isBulk = false;
    this.currentSaveState = saveStateOf({
      outbox: this.outbox.summarize(),
      access: this.access,
      isForbidden: this.channel.isForbidden,
      channel,
      isPresent: this.options.isPresent,
      entryState: this.options.entryState?.(),
    });
    this.agreement.statusChanged();
    if (this.isSynced) this.away?.synced();
    this.statusChangedEmitter.fire();
  }

  private storeFailed(error: unknown): void {
    this.problems.storeFailed(error);
    this.updateStatus();
  }

  /** What became of it while this device was away is not wanted. To be called before {@link close}. */
  abandon(): void {
    this.away?.abandon();
  }

  /** Leaves the document and writes everything to the store. Edits after the call are lost. Never rejects. */
  async close(): Promise<void> {
    if (this.isDisposed) return;
    this.away?.close();
    this.isDisposed = true;
    this.channel.dispose();
    this.statusChangedEmitter.dispose();
    this.agreement.dispose();
    this.doc.off('update', this.noticeUpdate);
    try {
      await this.whenLoaded;
      await this.store.close();
    } catch (error) {
      this.storeFailed(error);
    }
    this.resolveClosed();
    this.doc.destroy();
  }
}
