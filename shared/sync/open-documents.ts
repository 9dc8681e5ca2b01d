import type { Disposable, Scheduler } from '../lifecycle/index.ts';
import { toDisposable } from '../lifecycle/index.ts';
import { INDEX_DOCUMENT, isFileListed } from '../workspace/index.ts';
import { DocumentReplica } from './document-replica.ts';
import type { DocumentWire } from './document-wire.ts';
import type { OfflineStore } from './offline-store.ts';
import type { SessionProblem } from './session-problem.ts';

const DOCUMENT_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether the relay takes `name` as a document's (SPEC LM2). */
export function isDocumentName(name: string): boolean {
  return DOCUMENT_NAME.test(name);
}

/** Keeps a replica open. Disposing gives it back; the last one to do so closes it, once the relay has its edits. */
export interface DocumentLease extends Disposable {
  readonly replica: DocumentReplica;
}

interface OpenDocument {
  readonly replica: DocumentReplica;
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
}

/** The replicas of a room that somebody needs, each open once. */
export class OpenDocuments {
  private readonly options: OpenDocumentsOptions;
  private readonly documents = new Map<string, OpenDocument>();
  private readonly closing = new Map<string, Promise<void>>();
  private readonly subscriptions = new Map<string, Disposable>();
  private wire: DocumentWire | undefined;

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
    return { replica: document.replica, dispose: () => release.dispose() };
  }

  /** Opens what an earlier engine start could not send, until the relay has it. */
  async sendLeftovers(): Promise<void> {
    for (const name of await this.options.store.listUnacked()) {
      if (isDocumentName(name)) this.open(name).dispose();
    }
  }

  get areAllSettled(): boolean {
    for (const { replica } of this.documents.values()) if (!replica.isSettled) return false;
    return true;
  }

  /** Whether edits wait to be sent or acked, and there is a connection that may bring them to the relay. */
  get isDelivering(): boolean {
    if (!this.wire) return false;
    for (const { replica } of this.documents.values()) if (replica.hasUnsent) return true;
    return false;
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
    for (const [name, document] of this.documents) this.close(name, document);
    await Promise.all(this.closing.values());
  }

  private create(name: string): OpenDocument {
    const { store, scheduler, random, isPresent, onProblem, onStatus } = this.options;
    const replica = new DocumentReplica({
      name,
      openStore: (doc) => store.openDocument(name, doc),
      whenStoreFree: this.closing.get(name) ?? Promise.resolve(),
      scheduler,
      random,
      isPresent,
      isListed: () => this.isListed(name),
      onProblem,
    });
    if (name === INDEX_DOCUMENT) replica.doc.on('update', this.noticeList);
    const document: OpenDocument = { replica, leases: 0, lingering: undefined };
    this.documents.set(name, document);
    this.subscriptions.set(name, replica.onDidChangeStatus(onStatus));
    if (this.wire) replica.connected(this.wire);
    return document;
  }

  private readonly noticeList = (): void => {
    for (const { replica } of this.documents.values()) replica.listChanged();
  };

  private isListed(name: string): boolean {
    const index = this.documents.get(INDEX_DOCUMENT);
    return index !== undefined && isFileListed(index.replica.doc, name);
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
    document.lingering?.dispose();
    document.lingering = undefined;
    this.subscriptions.get(name)?.dispose();
    this.subscriptions.delete(name);
    const closed = document.replica.close().finally(() => {
      if (this.closing.get(name) === closed) this.closing.delete(name);
    });
    this.closing.set(name, closed);
  }
}
