import * as Y from 'yjs';
import { Emitter, MutableDisposable, type Disposable, type Scheduler } from '../lifecycle/index.ts';
import { type KnownAccess, mayWrite, type SaveState } from './connection-state.ts';
import { type ChannelHost, DocumentChannel } from './document-channel.ts';
import type { DocumentMessage, DocumentWire } from './document-wire.ts';
import { type DocumentStore, OfflineStoreError, type StoredDocument, type SyncCursor } from './offline-store.ts';
import { Outbox, type OutboxTicket } from './outbox.ts';
import { RecentUpdates } from './recent-updates.ts';
import { ReplicaStore } from './replica-store.ts';
import type { SessionProblem } from './session-problem.ts';

const REMOTE_ORIGIN = Symbol('from the relay');
const STORED_ORIGIN = Symbol('from the store');
const REOPEN_DELAY_MS = 5000;
const MAX_QUICK_REOPENS = 3;
const QUICK_REOPENS_WITHIN_MS = 10_000;

export interface DocumentReplicaOptions {
  readonly name: string;
  readonly openStore: (doc: Y.Doc) => DocumentStore;
  /** The store is free: nobody else has the document open. */
  readonly whenStoreFree: Promise<void>;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly isPresent: (presenceId: number) => boolean;
  /** Whether the list of files, as far as it is known here, has the document. */
  readonly isListed: () => boolean;
  readonly onProblem: (problem: SessionProblem) => void;
}

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
  private readonly storeOrigin: unknown;
  private readonly outbox: Outbox;
  private readonly recent = new RecentUpdates();
  private readonly channel = new MutableDisposable<DocumentChannel>();
  private readonly reopening = new MutableDisposable<Disposable>();
  private readonly statusChangedEmitter = new Emitter<void>();
  private readonly host: ChannelHost;
  private wire: DocumentWire | undefined;
  private cursor: SyncCursor | undefined;
  private resolveSynced: () => void = () => {};
  private currentSaveState: SaveState = { kind: 'on-the-relay' };
  private quickReopens = 0;
  private quickReopensSinceMs = 0;
  private hasReopenedMalformed = false;
  private isForbidden = false;
  private hasBeenRestricted = false;
  private hasSynced = false;
  private isStored = true;
  private isLoaded = false;
  private isDisposed = false;

  /** Fires when `saveState`, `access` or `isSynced` may have changed. */
  readonly onDidChangeStatus = this.statusChangedEmitter.event;

  constructor(options: DocumentReplicaOptions) {
    this.options = options;
    this.name = options.name;
    this.doc = new Y.Doc();
    const store = options.openStore(this.doc);
    this.storeOrigin = store.ownOrigin ?? STORED_ORIGIN;
    this.store = new ReplicaStore({
      store,
      scheduler: options.scheduler,
      random: options.random,
      onFailure: (error) => this.storeFailed(error),
      onRecovery: () => this.storeRecovered(),
      onCursorSaved: (cursor) => this.channel.value?.stored(cursor),
    });
    this.outbox = new Outbox((localId) => this.store.markAcked(localId));
    this.host = this.createHost();
    this.doc.on('update', this.noticeUpdate);
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

  /** What the relay lets this connection do; unknown until it has answered. */
  get access(): KnownAccess {
    if (this.isForbidden) return 'none';
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

  get saveState(): SaveState {
    return this.currentSaveState;
  }

  /** Whether edits wait to be sent or acked. */
  get hasUnsent(): boolean {
    return !this.isLoaded || (mayWrite(this.access) && this.outbox.summarize().hasUnacked);
  }

  /** Whether the relay has answered for good on the current connection, one way or the other. */
  get isSettled(): boolean {
    return this.isSynced || (this.wire !== undefined && this.channel.value === undefined && this.isLoaded);
  }

  private async load(): Promise<void> {
    await this.options.whenStoreFree;
    try {
      this.restore(await this.store.load());
    } catch (error) {
      this.isStored = false;
      this.outbox.stopWaitingForStore();
      this.report('store-failed', `"${this.name}" is kept in memory only: ${describe(error)}`);
    }
    this.isLoaded = true;
    this.openChannel();
    this.updateStatus();
  }

  private restore(stored: StoredDocument): void {
    let skipped = 0;
    this.doc.transact(() => {
      for (const update of stored.updates) {
        try {
          Y.applyUpdate(this.doc, update, STORED_ORIGIN);
        } catch {
          skipped++;
        }
      }
    }, STORED_ORIGIN);
    this.outbox.addStored(stored.unacked);
    this.cursor = skipped > 0 ? undefined : stored.cursor;
    if (skipped > 0)
      this.report('store-failed', `${skipped} stored updates of "${this.name}" are damaged and were left out.`);
  }

  private readonly noticeUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === REMOTE_ORIGIN || origin === STORED_ORIGIN || origin === this.storeOrigin) return;
    this.keep(update, this.outbox.addEdit(update));
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
    this.wire = wire;
    this.quickReopens = 0;
    this.hasReopenedMalformed = false;
    this.openChannel();
  }

  disconnected(): void {
    this.channel.value?.takeIncoming();
    const deletions = this.wire && this.recent.takeDeletions(this.doc, this.wire.lastHeardMs);
    const mightWrite = mayWrite(this.access);
    this.wire = undefined;
    this.closeChannel();
    if (deletions && mightWrite) this.keep(deletions, this.outbox.addRescued(deletions));
  }

  /** What we may do with documents has changed. */
  accessChanged(): void {
    this.channel.value?.accessChanged();
  }

  /** The list of files has changed: a document that was closed to us may be open to us now (SPEC AC5). */
  listChanged(): void {
    if (this.isForbidden && this.options.isListed()) this.openChannel();
  }

  /** Somebody came or went. */
  participantsChanged(): void {
    if (this.channel.value?.ackedSeq) this.updateStatus();
  }

  private openChannel(): void {
    if (!this.wire || !this.isLoaded || this.isDisposed || this.channel.value) return;
    const { scheduler, random } = this.options;
    this.isForbidden = false;
    this.reopening.value = undefined;
    this.channel.value = new DocumentChannel(this.host, this.wire, scheduler, random);
  }

  private closeChannel(): void {
    this.reopening.value = undefined;
    this.channel.value = undefined;
    this.outbox.disconnected();
    this.updateStatus();
  }

  private createHost(): ChannelHost {
    // The channel sees the cursor as it is when it asks.
    const getCursor = () => this.cursor;
    return {
      name: this.name,
      doc: this.doc,
      outbox: this.outbox,
      get cursor() {
        return getCursor();
      },
      applyRemote: (payloads) => this.applyRemote(payloads),
      noteUncommitted: (payloads) => {
        for (const payload of payloads) this.recent.add(payload, this.options.scheduler.now());
      },
      cursorMoved: (cursor) => {
        this.cursor = cursor;
        if (this.isStored) this.store.saveCursor(cursor);
      },
      statusChanged: () => this.updateStatus(),
      updateRefused: (explanation) =>
        this.report('update-refused', `An edit of "${this.name}" was not taken: ${explanation}`),
      malformed: (error) => this.malformed(error),
      reopen: () => this.reopen(),
      closedByRelay: (message) => this.closedByRelay(message),
    };
  }

  private applyRemote(payloads: readonly Uint8Array[]): void {
    try {
      this.doc.transact(() => {
        for (const payload of payloads) Y.applyUpdate(this.doc, payload, REMOTE_ORIGIN);
      }, REMOTE_ORIGIN);
    } catch (error) {
      // Part of them may be in the document, and the relay will not send that part again.
      if (this.isStored) this.store.appendRemote(Y.encodeStateAsUpdate(this.doc));
      throw error;
    }
    if (!this.isStored) return;
    for (const payload of payloads) this.store.appendRemote(payload);
  }

  private malformed(error: unknown): void {
    this.closeChannel();
    this.cursor = undefined;
    const willReopen = !this.hasReopenedMalformed;
    const next = willReopen
      ? 'It is opened again.'
      : 'It stays closed until the next connection; edits stay on this device.';
    this.report(
      'malformed-document',
      `The relay sent a damaged update of "${this.name}" (${describe(error)}). ${next}`,
    );
    this.hasReopenedMalformed = true;
    if (willReopen) this.openChannel();
    this.updateStatus();
  }

  private reopen(): void {
    this.channel.value?.close();
    this.closeChannel();
    this.openChannel();
  }

  private closedByRelay({ reason, explanation }: Extract<DocumentMessage, { type: 'document-closed' }>): void {
    this.closeChannel();
    const nowMs = this.options.scheduler.now();
    if (nowMs - this.quickReopensSinceMs > QUICK_REOPENS_WITHIN_MS) {
      this.quickReopens = 0;
      this.quickReopensSinceMs = nowMs;
    }
    if (reason === 'reopen' && this.quickReopens < MAX_QUICK_REOPENS) {
      this.quickReopens++;
      this.openChannel();
      return;
    }
    this.isForbidden = reason === 'forbidden';
    if (reason !== 'reopen' && !this.isForbidden)
      this.report('document-closed', `"${this.name}" is not available: ${explanation}`);
    // The list of another node may have come here before the relay's own.
    if (!this.isForbidden || this.options.isListed()) {
      this.reopening.value = this.options.scheduler.schedule(() => this.openChannel(), REOPEN_DELAY_MS);
    }
    this.updateStatus();
  }

  private updateStatus(): void {
    const { value: channel } = this.channel;
    if (channel?.access !== undefined) this.hasBeenRestricted = channel.isRestricted;
    if (this.isSynced && !this.hasSynced) {
      this.hasSynced = true;
      this.resolveSynced();
    }
    this.currentSaveState = this.computeSaveState();
    this.statusChangedEmitter.fire();
  }

  private computeSaveState(): SaveState {
    const { refusal, hasUnstored, hasUnacked } = this.outbox.summarize();
    const isOnlyLocked = hasUnacked || refusal?.isFinal === false;
    if (refusal?.isFinal !== true && isOnlyLocked && !mayWrite(this.access)) {
      return { kind: 'refused', explanation: this.explainLocked() };
    }
    if (refusal) return { kind: 'refused', explanation: refusal.explanation };
    if (hasUnstored) return { kind: 'saving' };
    if (hasUnacked) return { kind: 'on-this-device' };
    return this.isSeenByAll() ? { kind: 'seen-by-all-present' } : { kind: 'on-the-relay' };
  }

  private explainLocked(): string {
    return this.isForbidden
      ? 'This document is not shared with you any more. They are kept on this device.'
      : 'You may only read this document now. They are kept on this device, and sent when you may edit it again.';
  }

  private isSeenByAll(): boolean {
    const channel = this.channel.value;
    if (!channel || channel.ackedSeq === 0) return false;
    const readers = [...channel.seen].filter(([presenceId]) => this.options.isPresent(presenceId));
    return readers.length > 0 && readers.every(([, seq]) => seq >= channel.ackedSeq);
  }

  private storeFailed(error: unknown): void {
    this.report('store-failed', `"${this.name}" cannot be stored on this device: ${describe(error)}`);
    this.updateStatus();
  }

  private storeRecovered(): void {
    const { onProblem } = this.options;
    onProblem({
      kind: 'store-recovered',
      document: this.name,
      explanation: `"${this.name}" is stored on this device again.`,
    });
  }

  private report(
    kind: 'store-failed' | 'update-refused' | 'document-closed' | 'malformed-document',
    explanation: string,
  ): void {
    this.options.onProblem({ kind, document: this.name, explanation });
  }

  /** Leaves the document and writes everything to the store. Edits after the call are lost. Never rejects. */
  async close(): Promise<void> {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.channel.value?.close();
    this.channel.dispose();
    this.reopening.dispose();
    this.statusChangedEmitter.dispose();
    this.doc.off('update', this.noticeUpdate);
    try {
      await this.whenLoaded;
      await this.store.close();
    } catch (error) {
      this.storeFailed(error);
    }
    this.doc.destroy();
  }
}

function describe(error: unknown): string {
  if (error instanceof OfflineStoreError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
