import * as Y from 'yjs';
import { Emitter, type Scheduler } from '../../lifecycle/index.ts';
import { CONTENT_TEXT, isReservedDocument, readContent } from '../../workspace/index.ts';
import type { AgreementState } from '../agreement.ts';
import type { CopyHashes } from '../copy-digest.ts';
import type { SaveState } from '../connection-state.ts';
import type { DocumentBeginning } from '../document-seed.ts';
import { CopyReport } from './copy-report.ts';
import type { DocumentStatus, EngineMessage, WindowMessage } from './attachment-messages.ts';

const ENGINE_ORIGIN = Symbol('from the engine');
const UNKNOWN_AGREEMENT: AgreementState = { kind: 'unknown' };
const UNKNOWN: DocumentStatus = {
  access: 'unknown',
  isRestricted: false,
  saveState: { kind: 'on-the-relay' },
  isSynced: false,
  wasSynced: false,
  isKnown: true,
};

/** A window's copy of one document. It has a Yjs clientID of its own. */
export class DocumentCopy {
  readonly name: string;
  /** Another one after a reset. */
  doc = new Y.Doc();
  /** Resolves when the engine's stored state has arrived for the first time, or since a reset. */
  whenReady: Promise<void>;
  /** Resolves when the engine has been in step with the relay once; stays pending while there is no relay. */
  readonly whenSynced: Promise<void>;
  private readonly statusChanged = new Emitter<DocumentStatus>();
  private current = UNKNOWN;
  private post: ((message: WindowMessage) => void) | undefined;
  private isOpenAtEngine = false;
  private hasUnsent = false;
  private hasEdited = false;
  private resolveReady: () => void = () => {};
  private resolveSynced: () => void = () => {};

  private isPaused = false;
  private readonly report: CopyReport | undefined;
  private readonly wasReset = new Emitter<void>();
  private currentAgreement = UNKNOWN_AGREEMENT;
  private beginning: DocumentBeginning | undefined;

  /** Also fires when `agreement` has changed. */
  readonly onDidChangeStatus = this.statusChanged.event;
  /** Fires when `doc` and `whenReady` are others from now on. What was in the old ones counts no more. */
  readonly onDidReset = this.wasReset.event;

  constructor(name: string, scheduler: Scheduler) {
    this.name = name;
    if (!isReservedDocument(name)) this.report = new CopyReport(scheduler, (hashes) => this.sendCopy(hashes));
    this.whenReady = this.createReady();
    this.whenSynced = new Promise((resolve) => {
      this.resolveSynced = resolve;
    });
    this.doc.on('update', this.forward);
  }

  get status(): DocumentStatus {
    return this.current;
  }

  /** Nobody may write while the engine begins the document anew, nor before its text is here. */
  get access(): DocumentStatus['access'] {
    if (this.current.access === 'none') return 'none';
    return this.isPaused || !this.current.isKnown ? 'read' : this.current.access;
  }

  get agreement(): AgreementState {
    return this.currentAgreement;
  }

  /** What has not reached the engine is not saved anywhere. */
  get saveState(): SaveState {
    return this.hasUnsent ? { kind: 'saving' } : this.current.saveState;
  }

  /** Compares the copy with the engine behind `post`, both ways. */
  attach(post: (message: WindowMessage) => void): void {
    this.post = post;
    this.isOpenAtEngine = false;
    // What went into an earlier port may not have arrived.
    this.isPaused = false;
    this.hasUnsent = this.hasEdited;
    this.postOpen();
  }

  detach(): void {
    this.post = undefined;
    this.isOpenAtEngine = false;
    this.isPaused = false;
    this.currentAgreement = UNKNOWN_AGREEMENT;
    this.hasUnsent = this.hasEdited;
    this.setStatus({ ...this.current, isSynced: false });
  }

  receive(message: Extract<EngineMessage, { readonly document: string }>): void {
    switch (message.type) {
      case 'opened':
        return this.opened(message);
      case 'update':
        return Y.applyUpdate(this.doc, message.payload, ENGINE_ORIGIN);
      case 'status':
        return this.setStatus(message.status);
      case 'agreement':
        this.currentAgreement = message.agreement;
        return this.statusChanged.fire(this.current);
      case 'pause':
        this.setPaused(true);
        // Edits that were made before are before it in the port.
        return this.post?.({ type: 'paused', document: this.name });
      case 'resume':
        return this.setPaused(false);
      case 'reset':
        return this.reset();
    }
  }

  private opened({ payload, stateVector, beginning, status }: Extract<EngineMessage, { type: 'opened' }>): void {
    Y.applyUpdate(this.doc, payload, ENGINE_ORIGIN);
    this.isOpenAtEngine = true;
    this.beginning = beginning;
    this.report?.changed(this.doc);
    if (this.hasUnsent) {
      this.hasUnsent = false;
      this.post?.({ type: 'update', document: this.name, payload: Y.encodeStateAsUpdate(this.doc, stateVector) });
    }
    this.resolveReady();
    this.setStatus(status);
  }

  private createReady(): Promise<void> {
    return new Promise((resolve) => {
      this.resolveReady = resolve;
    });
  }

  private setPaused(isPaused: boolean): void {
    this.isPaused = isPaused;
    this.statusChanged.fire(this.current);
  }

  private reset(): void {
    const old = this.doc;
    if (this.hasUnsent)
      this.post?.({ type: 'keep', document: this.name, text: readContent(old.getText(CONTENT_TEXT)) });
    old.off('update', this.forward);
    this.report?.forget();
    this.doc = new Y.Doc();
    this.doc.on('update', this.forward);
    this.whenReady = this.createReady();
    this.isOpenAtEngine = false;
    this.hasUnsent = false;
    this.hasEdited = false;
    this.isPaused = false;
    this.beginning = undefined;
    this.currentAgreement = UNKNOWN_AGREEMENT;
    this.wasReset.fire();
    this.statusChanged.fire(this.current);
    this.postOpen();
    old.destroy();
  }

  private postOpen(): void {
    const { name: document, doc, beginning } = this;
    this.post?.({ type: 'open', document, stateVector: Y.encodeStateVector(doc), beginning });
  }

  private sendCopy(hashes: CopyHashes): void {
    if (this.isOpenAtEngine && !this.isPaused) this.post?.({ type: 'copy', document: this.name, ...hashes });
  }

  private readonly forward = (payload: Uint8Array, origin: unknown): void => {
    this.report?.changed(this.doc);
    if (origin === ENGINE_ORIGIN) return;
    this.hasEdited = true;
    if (this.post && this.isOpenAtEngine) {
      this.post({ type: 'update', document: this.name, payload });
      return;
    }
    this.hasUnsent = true;
    this.statusChanged.fire(this.current);
  };

  private setStatus(status: DocumentStatus): void {
    this.current = status;
    if (status.wasSynced) this.resolveSynced();
    this.statusChanged.fire(status);
  }

  dispose(): void {
    this.post?.({ type: 'close', document: this.name });
    this.post = undefined;
    this.statusChanged.dispose();
    this.wasReset.dispose();
    this.report?.dispose();
    this.doc.off('update', this.forward);
    this.doc.destroy();
  }
}
