import type * as Y from 'yjs';
import { type Disposable, DisposableStore, Emitter, type Scheduler, toDisposable } from '../lifecycle/index.ts';
import { INDEX_DOCUMENT, isFileListed } from '../workspace/index.ts';
import type { AwayFollower, FollowedDocument } from './away/away-follower.ts';
import type { AgreementState } from './agreement.ts';
import type { SaveState } from './connection-state.ts';
import type { AckedSpan } from './document-channel.ts';
import { DocumentReplica } from './document-replica.ts';
import type { DocumentWire } from './document-wire.ts';
import { openStoreLater } from './deferred-store.ts';
import type { DocumentStore, OfflineStore } from './offline-store.ts';
import type { DocumentSeed } from './document-seed.ts';
import { EntryEdits, filesWrittenBy } from './entry-edits.ts';
import { filesBegunBy } from './own-files.ts';
import { Remaining } from './remaining.ts';
import type { SessionProblem } from './session-problem.ts';

const DOCUMENT_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether the relay takes `name` as a document's (SPEC LM2). */
export function isDocumentName(name: string): boolean {
  return DOCUMENT_NAME.test(name);
}

/** Keeps a replica open. Disposing gives it back; the last one to do so closes it, once the relay has its edits. */
export interface DocumentLease extends Disposable {
  /** Another one after the document was begun anew: see {@link OpenDocuments.onDidRenew}. */
  readonly replica: DocumentReplica;
}

/** Edits of this device that the relay has taken. */
export interface AckedEdits extends AckedSpan {
  readonly document: string;
  /** All edits of the document with lower numbers are acked by now: see {@link DocumentReplica.lastEdit}. */
  readonly firstUnacked: number;
}

/** Whether the copies of a document are the same. */
export interface DocumentAgreement {
  readonly document: string;
  readonly agreement: AgreementState;
}

interface OpenDocument {
  replica: DocumentReplica;
  leases: number;
  lingering: Disposable | undefined;
}

export interface OpenDocumentsOptions {
  readonly store: OfflineStore;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly isPresent: (presenceId: number) => boolean;
  readonly onProblem: (problem: SessionProblem) => void;
  /** A replica's status changed. */
  readonly onStatus: () => void;
  readonly onAcked: (edits: AckedEdits) => void;
  readonly onAgreement: (told: DocumentAgreement) => void;
  /** Begins to note what becomes of a document while this device is away. */
  readonly follow: (followed: FollowedDocument) => AwayFollower | undefined;
}

/** The replicas of a room that somebody needs, each open once. */
export class OpenDocuments {
  private readonly options: OpenDocumentsOptions;
  private readonly documents = new Map<string, OpenDocument>();
  private readonly closing = new Map<string, Promise<void>>();
  private readonly subscriptions = new Map<string, Disposable>();
  private readonly renewed = new Emitter<string>();
  private readonly renewals = new Map<string, number>();
  private wire: DocumentWire | undefined;
  private isClosed = false;
  /** Files that were made on this device. */
  private readonly ownFiles = new Set<string>();
  private readonly entryEdits = new EntryEdits();
  /** That of the list, as it was said to the replicas of the files in {@link entryEdits}. */
  private toldListState: SaveState['kind'] | undefined;
  private readonly unsettled = this.watchFor((replica) => !replica.isSettled);
  private readonly unsent = this.watchFor((replica) => replica.hasUnsent);

  /** Fires with the name of a document as soon as it was begun anew. */
  readonly onDidRenew = this.renewed.event;

  constructor(options: OpenDocumentsOptions) {
    this.options = options;
  }

  /** Throws RangeError when the relay would not take the name. */
  open(name: string): DocumentLease {
    if (!isDocumentName(name)) throw new RangeError(`"${name.slice(0, 80)}" is not a name for a document`);
    const document = this.documents.get(name) ?? this.create(name);
    document.leases++;
    document.lingering?.dispose();
    document.lingering = undefined;
    const release = toDisposable(() => this.release(name, document));
    return {
      get replica() {
        return document.replica;
      },
      dispose: () => release.dispose(),
    };
  }

  /** Opens what an earlier engine start could not send, until the relay has it. */
  async sendLeftovers(): Promise<void> {
    for (const name of await this.options.store.listUnacked()) {
      if (this.isClosed) return;
      if (isDocumentName(name)) this.open(name).dispose();
    }
  }

  get areAllSettled(): boolean {
    return !this.unsettled.isAny;
  }

  /** Whether edits wait to be sent or acked, and there is a connection that may bring them to the relay. */
  get isDelivering(): boolean {
    return this.wire !== undefined && this.unsent.isAny;
  }

  /** The connection that documents are open on; undefined while there is none. */
  get openWire(): DocumentWire | undefined {
    return this.wire;
  }

  connected(wire: DocumentWire): void {
    this.wire = wire;
    for (const { replica } of this.documents.values()) replica.connected(wire);
  }

  disconnected(): void {
    this.wire = undefined;
    for (const { replica } of this.documents.values()) replica.disconnected();
  }

  /** What we may do with the documents has changed. */
  accessChanged(): void {
    for (const { replica } of this.documents.values()) replica.accessChanged();
  }

  participantsChanged(): void {
    for (const { replica } of this.documents.values()) replica.participantsChanged();
  }

  /** Closes everything, whoever holds leases; resolves when it is stored. */
  async closeAll(): Promise<void> {
    this.isClosed = true;
    for (const [name, document] of this.documents) this.close(name, document);
    await Promise.all(this.closing.values());
    this.renewed.dispose();
  }

  /**
   * Begins a document that is open anew, from `seed` alone: what is stored of it gives way to that. Leases give the new
   * replica from now on. What the relay has not taken of the old one is lost.
   */
  renew(name: string, seed: DocumentSeed): void {
    const document = this.documents.get(name);
    if (!document) throw new Error(`"${name}" is not open`);
    const { store } = this.options;
    this.endSubscriptions(name, document);
    this.renewals.set(name, this.countRenewals(name) + 1);
    const old = document.replica;
    old.abandon();
    const replaced = (async () => {
      await old.close();
      await store.replaceDocument(name, seed.update, seed.cursor);
    })();
    // Whoever opens the store of it learns that it failed.
    replaced.catch(() => {});
    const openStore = (doc: Y.Doc) => openStoreLater(replaced, () => store.openDocument(name, doc));
    document.replica = this.createReplica(name, openStore, seed.update);
    this.startReplica(name, document.replica);
    this.renewed.fire(name);
  }

  /** How often a document was begun anew. */
  countRenewals(name: string): number {
    return this.renewals.get(name) ?? 0;
  }

  private watchFor(isLeft: (replica: DocumentReplica) => boolean): Remaining<OpenDocument> {
    const isOpen = (document: OpenDocument) => this.documents.get(document.replica.name) === document;
    return new Remaining(
      () => this.documents.values(),
      (document) => isOpen(document) && isLeft(document.replica),
    );
  }

  private create(name: string): OpenDocument {
    const openStore = (doc: Y.Doc) => this.options.store.openDocument(name, doc);
    const document: OpenDocument = { replica: this.createReplica(name, openStore), leases: 0, lingering: undefined };
    this.documents.set(name, document);
    this.startReplica(name, document.replica);
    return document;
  }

  private createReplica(name: string, openStore: (doc: Y.Doc) => DocumentStore, initial?: Uint8Array): DocumentReplica {
    const { scheduler, random, isPresent, onProblem, onAcked, follow } = this.options;
    return new DocumentReplica({
      name,
      openStore,
      initial,
      whenStoreFree: this.closing.get(name) ?? Promise.resolve(),
      scheduler,
      random,
      isPresent,
      isListed: () => this.isListed(name),
      isOwn: () => this.ownFiles.has(name),
      ...(name === INDEX_DOCUMENT
        ? { onOwnEdit: (update, edit) => this.noteListEdit(update, edit) }
        : { entryState: () => this.entryState(name) }),
      onProblem,
      onAcked: (span, firstUnacked) => onAcked({ document: name, firstUnacked, ...span }),
      follow,
    });
  }

  private startReplica(name: string, replica: DocumentReplica): void {
    const { onStatus, onAgreement } = this.options;
    const subscriptions = new DisposableStore();
    if (name === INDEX_DOCUMENT) {
      replica.doc.on('update', this.noticeList);
      subscriptions.add(replica.onDidChangeStatus(() => this.listStatusChanged(replica)));
    }
    subscriptions.add(replica.onDidChangeStatus(onStatus));
    subscriptions.add(
      replica.agreement.onDidChange(() => onAgreement({ document: name, agreement: replica.agreement.state })),
    );
    this.subscriptions.set(name, subscriptions);
    if (this.wire) replica.connected(this.wire);
  }

  private noteListEdit(update: Uint8Array, edit: number): void {
    const { indexDocument } = this;
    if (indexDocument) {
      const written = filesWrittenBy(indexDocument, update);
      this.entryEdits.add(written, edit);
      this.tellEntryChanged(written);
    }
    this.noteOwnFiles(update);
  }

  private listStatusChanged({ saveState, firstUnacked }: DocumentReplica): void {
    this.tellEntryChanged(this.entryEdits.acked(firstUnacked));
    if (saveState.kind === this.toldListState) return;
    this.toldListState = saveState.kind;
    this.tellEntryChanged([...this.entryEdits.fileIds]);
  }

  private tellEntryChanged(fileIds: Iterable<string>): void {
    for (const fileId of fileIds) this.documents.get(fileId)?.replica.entryChanged();
  }

  private entryState(fileId: string): SaveState | undefined {
    return this.entryEdits.has(fileId) ? this.documents.get(INDEX_DOCUMENT)?.replica.saveState : undefined;
  }

  private noteOwnFiles(update: Uint8Array): void {
    const begun = filesBegunBy(update);
    if (begun.length === 0) return;
    for (const fileId of begun) this.ownFiles.add(fileId);
    for (const { replica } of this.documents.values()) replica.ownFilesChanged();
  }

  private readonly noticeList = (): void => {
    for (const { replica } of this.documents.values()) replica.listChanged();
  };

  /** The list of files, while somebody needs it. */
  get indexDocument(): Y.Doc | undefined {
    return this.documents.get(INDEX_DOCUMENT)?.replica.doc;
  }

  private isListed(name: string): boolean {
    const { indexDocument } = this;
    return indexDocument !== undefined && isFileListed(indexDocument, name);
  }

  private release(name: string, document: OpenDocument): void {
    document.leases--;
    if (document.leases > 0 || this.documents.get(name) !== document) return;
    if (!document.replica.hasUnsent) {
      this.close(name, document);
      return;
    }
    document.lingering = document.replica.onDidChangeStatus(() => {
      if (!document.replica.hasUnsent) this.close(name, document);
    });
  }

  private close(name: string, document: OpenDocument): void {
    if (this.documents.get(name) !== document) return;
    this.documents.delete(name);
    this.endSubscriptions(name, document);
    const closed = document.replica.close().finally(() => {
      if (this.closing.get(name) === closed) this.closing.delete(name);
    });
    this.closing.set(name, closed);
  }

  private endSubscriptions(name: string, document: OpenDocument): void {
    document.lingering?.dispose();
    document.lingering = undefined;
    this.subscriptions.get(name)?.dispose();
    this.subscriptions.delete(name);
  }
}
