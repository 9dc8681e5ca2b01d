import * as Y from 'yjs';
import { Emitter } from '../../lifecycle/index.ts';
import type { SaveState } from '../connection-state.ts';
import type { DocumentStatus, EngineMessage, WindowMessage } from './attachment-messages.ts';

const ENGINE_ORIGIN = Symbol('from the engine');
const UNKNOWN: DocumentStatus = {
  access: 'unknown',
  isRestricted: false,
  saveState: { kind: 'on-the-relay' },
  isSynced: false,
  wasSynced: false,
};

/** A window's copy of one document. It has a Yjs clientID of its own. */
export class DocumentCopy {
  readonly name: string;
  readonly doc = new Y.Doc();
  /** Resolves when the engine's stored state has arrived for the first time. */
  readonly whenReady: Promise<void>;
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

  readonly onDidChangeStatus = this.statusChanged.event;

  constructor(name: string) {
    this.name = name;
    this.whenReady = new Promise((resolve) => {
      this.resolveReady = resolve;
    });
    this.whenSynced = new Promise((resolve) => {
      this.resolveSynced = resolve;
    });
    this.doc.on('update', this.forward);
  }

  get status(): DocumentStatus {
    return this.current;
  }

  get access(): DocumentStatus['access'] {
    return this.current.access;
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
    this.hasUnsent = this.hasEdited;
    post({ type: 'open', document: this.name, stateVector: Y.encodeStateVector(this.doc) });
  }

  detach(): void {
    this.post = undefined;
    this.isOpenAtEngine = false;
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
    }
  }

  private opened({ payload, stateVector, status }: Extract<EngineMessage, { type: 'opened' }>): void {
    Y.applyUpdate(this.doc, payload, ENGINE_ORIGIN);
    this.isOpenAtEngine = true;
    if (this.hasUnsent) {
      this.hasUnsent = false;
      this.post?.({ type: 'update', document: this.name, payload: Y.encodeStateAsUpdate(this.doc, stateVector) });
    }
    this.resolveReady();
    this.setStatus(status);
  }

  private readonly forward = (payload: Uint8Array, origin: unknown): void => {
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
    this.doc.off('update', this.forward);
    this.doc.destroy();
  }
}
