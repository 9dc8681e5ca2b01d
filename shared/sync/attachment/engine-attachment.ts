import * as Y from 'yjs';
import { type Disposable, DisposableStore, toDisposable } from '../../lifecycle/index.ts';
import type { DocumentReplica } from '../document-replica.ts';
import type { Participant } from '../presence-channel.ts';
import type { RoomSession } from '../room-session.ts';
import {
  type DocumentStatus,
  type EngineMessage,
  readWindowMessage,
  type WindowMessage,
} from './attachment-messages.ts';
import type { AttachmentPort } from './attachment-port.ts';

export interface EngineAttachmentEvents {
  /** What the window wants to show to the others in the room. */
  setPresence(state: Uint8Array | undefined): void;
  /** The window is gone. */
  onClosed(): void;
}

interface AttachedReplica extends Disposable {
  readonly replica: DocumentReplica;
}

/** The engine's side of one window: opens documents on its behalf and passes everything on, both ways. */
export class EngineAttachment implements Disposable {
  private readonly session: RoomSession;
  private readonly port: AttachmentPort;
  private readonly events: EngineAttachmentEvents;
  private readonly disposables = new DisposableStore();
  private readonly documents = new Map<string, AttachedReplica>();

  /** Takes over `port`. */
  constructor(session: RoomSession, port: AttachmentPort, events: EngineAttachmentEvents) {
    this.session = session;
    this.port = port;
    this.events = events;
    this.disposables.add(port);
    this.disposables.add(port.onMessage((message) => this.receive(message)));
    this.disposables.add(port.onClose(() => events.onClosed()));
    this.disposables.add(session.onDidChangeState((state) => this.post({ type: 'state', state })));
    this.disposables.add(session.onDidChangeSelf((self) => this.post({ type: 'self', self })));
    this.disposables.add(session.onDidChangeParticipants((ids) => this.postParticipants(ids)));
    this.disposables.add(session.onProblem((problem) => this.post({ type: 'problem', problem })));
    const participants = [...session.participants.values()];
    this.post({ type: 'attached', state: session.state, self: session.self, participants });
  }

  private receive(value: unknown): void {
    const message = readWindowMessage(value);
    if (!message) {
      this.reportMalformed(undefined, 'A window sent something that the engine does not understand.');
      return;
    }
    switch (message.type) {
      case 'open':
        return this.open(message);
      case 'close':
        return this.close(message.document);
      case 'update':
        return this.update(message);
      case 'presence':
        return this.events.setPresence(message.state);
      case 'retry-now':
        return this.session.retryNow();
    }
  }

  private open({ document, stateVector }: Extract<WindowMessage, { type: 'open' }>): void {
    this.close(document);
    if (this.session.hasLeft) return;
    const lease = this.session.open(document);
    const { replica } = lease;
    const subscriptions = new DisposableStore();
    subscriptions.add(lease);
    const attached: AttachedReplica = { replica, dispose: () => subscriptions.dispose() };
    this.documents.set(document, attached);
    void replica.whenLoaded.then(() => {
      if (this.documents.get(document) !== attached) return;
      this.answerOpen(replica, stateVector);
      this.follow(replica, subscriptions);
    });
  }

  private answerOpen(replica: DocumentReplica, stateVector: Uint8Array): void {
    let payload: Uint8Array;
    try {
      payload = Y.encodeStateAsUpdate(replica.doc, stateVector);
    } catch {
      this.reportMalformed(replica.name, `A window opened "${replica.name}" with a damaged state vector.`);
      payload = Y.encodeStateAsUpdate(replica.doc);
    }
    this.post({
      type: 'opened',
      document: replica.name,
      stateVector: Y.encodeStateVector(replica.doc),
      payload,
      status: statusOf(replica),
    });
  }

  private follow(replica: DocumentReplica, subscriptions: DisposableStore): void {
    const document = replica.name;
    const forward = (payload: Uint8Array, origin: unknown) => {
      if (origin !== this) this.post({ type: 'update', document, payload });
    };
    replica.doc.on('update', forward);
    subscriptions.add(toDisposable(() => replica.doc.off('update', forward)));
    let posted = statusOf(replica);
    subscriptions.add(
      replica.onDidChangeStatus(() => {
        const status = statusOf(replica);
        if (isSameStatus(posted, status)) return;
        posted = status;
        this.post({ type: 'status', document, status });
      }),
    );
  }

  private close(document: string): void {
    this.documents.get(document)?.dispose();
    this.documents.delete(document);
  }

  private update({ document, payload }: Extract<WindowMessage, { type: 'update' }>): void {
    const attached = this.documents.get(document);
    if (!attached) {
      this.reportMalformed(document, `A window edited "${document}", which it has not opened.`);
      return;
    }
    try {
      Y.applyUpdate(attached.replica.doc, payload, this);
    } catch {
      this.reportMalformed(document, `A window sent a damaged edit of "${document}"; it was left out.`);
    }
  }

  private postParticipants(ids: readonly number[]): void {
    const { participants } = this.session;
    const changed = ids.map((id) => participants.get(id)).filter((entry): entry is Participant => entry !== undefined);
    this.post({ type: 'participants', changed, gone: ids.filter((id) => !participants.has(id)) });
  }

  private reportMalformed(document: string | undefined, explanation: string): void {
    this.post({ type: 'problem', problem: { kind: 'malformed-window-message', document, explanation } });
  }

  private post(message: EngineMessage): void {
    this.port.post(message);
  }

  dispose(): void {
    for (const document of this.documents.values()) document.dispose();
    this.documents.clear();
    this.disposables.dispose();
  }
}

function statusOf({ access, isRestricted, saveState, isSynced, wasSynced }: DocumentReplica): DocumentStatus {
  return { access, isRestricted, saveState, isSynced, wasSynced };
}

function isSameStatus(a: DocumentStatus, b: DocumentStatus): boolean {
  const explanationOf = (status: DocumentStatus) =>
    status.saveState.kind === 'refused' ? status.saveState.explanation : undefined;
  return (
    a.access === b.access &&
    a.isRestricted === b.isRestricted &&
    a.isSynced === b.isSynced &&
    a.wasSynced === b.wasSynced &&
    a.saveState.kind === b.saveState.kind &&
    explanationOf(a) === explanationOf(b)
  );
}
