import { type Disposable, DisposableStore, errorMessage, toDisposable } from '../../lifecycle/index.ts';
import type { DocumentReplica } from '../document-replica.ts';
import type { RoomSession } from '../room-session.ts';
import type { DocumentEditor } from '../window-pauses.ts';
import type { AgreementEngineMessage, AgreementWindowMessage } from './agreement-messages.ts';

let lastWindowId = 0;

export interface EngineAgreementOptions {
  readonly session: RoomSession;
  readonly post: (message: AgreementEngineMessage) => void;
  /** Tells the person something about a document. */
  readonly tell: (document: string, explanation: string) => void;
  /** Whether the window has the document open. */
  readonly isOpen: (document: string) => boolean;
  /** The window's copy is void: it is given up until the window opens it again. */
  readonly reset: (document: string) => void;
}

/** The engine's side of one window, as far as the window's documents may differ from those of others. */
export class EngineAgreement implements DocumentEditor, Disposable {
  private readonly options: EngineAgreementOptions;
  private readonly disposables = new DisposableStore();
  private readonly pauses = new Map<string, () => void>();
  private readonly windowId = --lastWindowId;

  constructor(options: EngineAgreementOptions) {
    this.options = options;
    const { session } = options;
    this.disposables.add(session.addEditor(this));
    this.disposables.add(session.onDidRenew((document) => this.reset(document)));
    this.disposables.add(
      toDisposable(() => {
        for (const answer of this.pauses.values()) answer();
      }),
    );
  }

  /** Tells the window how the copies of a document agree, which it looks at, until disposed. */
  follow({ name, agreement }: DocumentReplica): Disposable {
    const subscriptions = new DisposableStore();
    const post = () => this.options.post({ type: 'agreement', document: name, agreement: agreement.state });
    subscriptions.add(agreement.watch());
    subscriptions.add(toDisposable(() => agreement.forgetWindow(this.windowId)));
    subscriptions.add(agreement.onDidChange(post));
    if (agreement.state.kind !== 'unknown') post();
    return subscriptions;
  }

  receive(message: AgreementWindowMessage, replica: DocumentReplica | undefined): void {
    switch (message.type) {
      case 'copy':
        return replica?.agreement.compareWindow(this.windowId, message);
      case 'paused':
        return this.pauses.get(message.document)?.();
      case 'keep':
        return void this.keep(message);
      case 'resync':
        return void this.resync(message);
    }
  }

  /** The window has opened the document. */
  opened(document: string): void {
    if (this.options.session.isPaused(document)) void this.pause(document);
  }

  /** The window has the document open no more. */
  closed(document: string): void {
    this.pauses.get(document)?.();
  }

  pause(document: string): Promise<void> | undefined {
    if (!this.options.isOpen(document)) return undefined;
    return new Promise((resolve) => {
      this.pauses.set(document, resolve);
      this.options.post({ type: 'pause', document });
    });
  }

  resume(document: string): void {
    if (this.pauses.delete(document)) this.options.post({ type: 'resume', document });
  }

  private reset(document: string): void {
    if (this.options.isOpen(document)) this.options.reset(document);
  }

  private async keep({ document, text }: Extract<AgreementWindowMessage, { type: 'keep' }>): Promise<void> {
    const { session, tell } = this.options;
    try {
      const path = await session.keepBeside(document, text);
      if (path !== undefined)
        tell(document, `The file was resynced while this window was cut off. The text that was in it is in "${path}".`);
    } catch (error) {
      const reason = errorMessage(error);
      tell(document, `The text that was in this window could not be kept as a file: ${reason}`);
    }
  }

  private async resync({ document, requestId, isUnkept }: Extract<AgreementWindowMessage, { type: 'resync' }>) {
    const outcome = await this.options.session.resync(document, isUnkept);
    if (!this.disposables.isDisposed) this.options.post({ type: 'resynced', requestId, outcome });
  }

  dispose(): void {
    this.disposables.dispose();
  }
}
