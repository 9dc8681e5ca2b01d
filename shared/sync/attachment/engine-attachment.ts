import * as Y from 'yjs';
import { type Disposable, DisposableStore, toDisposable } from '../../lifecycle/index.ts';
import type { DocumentReplica } from '../document-replica.ts';
import type { Participant } from '../presence-channel.ts';
import type { DocumentBeginning } from '../document-seed.ts';
import type { RoomSession } from '../room-session.ts';
import {
  type DocumentStatus,
  type EngineMessage,
  readWindowMessage,
  type WindowMessage,
} from './attachment-messages.ts';
import { EngineAgreement } from './engine-agreement.ts';
import type { AttachmentPort } from './attachment-port.ts';
import { EngineAway } from './engine-away.ts';

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
  /** Void copies that the window has not opened again yet. */
  private readonly voided = new Map<string, Disposable>();
  private readonly agreement: EngineAgreement;
  private readonly away: EngineAway;

  /** Takes over `port`. */
  constructor(session: RoomSession, port: AttachmentPort, events: EngineAttachmentEvents) {
    this.session = session;
    this.port = port;
    this.events = events;
    this.disposables.add(port);
    this.away = this.disposables.add(new EngineAway(session.away, (message) => this.post(message)));
    this.disposables.add(port.onMessage((message) => this.receive(message)));
    this.disposables.add(port.onClose(() => events.onClosed()));
    const at = () => session.elapsedMs;
    this.disposables.add(session.onDidChangeState((state) => this.post({ type: 'state', state, atMs: at() })));
    this.disposables.add(session.onDidChangeHealth((health) => this.post({ type: 'health', health, atMs: at() })));
    this.disposables.add(session.onDidChangeSelf((self) => this.post({ type: 'self', self })));
    this.disposables.add(session.onDidChangeParticipants((ids) => this.postParticipants(ids)));
    this.disposables.add(session.onProblem((problem) => this.post({ type: 'problem', problem })));
    this.agreement = this.disposables.add(
      new EngineAgreement({
        session,
        post: (message) => this.post(message),
        isOpen: (document) => this.documents.has(document),
        reset: (document) => this.reset(document),
        tell: (document, explanation) =>
          this.post({ type: 'problem', problem: { kind: 'window-reset', document, explanation } }),
      }),
    );
    const participants = [...session.participants.values()];
    const { state, health, self } = session;
    this.post({ type: 'attached', state, health, atMs: at(), self, participants });
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
      case 'away-read':
      case 'away-act':
      case 'away-looked':
      case 'away-keep':
        return this.away.receive(message);
      case 'nudge':
        return this.session.nudge(message.reason);
      case 'copy':
      case 'keep':
      case 'paused':
      case 'resync':
        return this.agreement.receive(message, this.documents.get(message.document)?.replica);
    }
  }

  private open({ document, stateVector, beginning }: Extract<WindowMessage, { type: 'open' }>): void {
    if (this.session.hasLeft) return this.close(document);
    if (beginning && this.isVoid(document, beginning)) return this.reset(document);
    const lease = this.session.open(document);
    this.close(document);
    const { replica } = lease;
    const subscriptions = new DisposableStore();
    subscriptions.add(lease);
    const attached: AttachedReplica = { replica, dispose: () => subscriptions.dispose() };
    this.documents.set(document, attached);
    void replica.whenLoaded.then(() => {
      if (this.documents.get(document) !== attached) return;
      this.answerOpen(replica, stateVector);
      this.follow(replica, subscriptions);
      this.agreement.opened(document);
    });
  }

  /** Of another session nothing is known: its copies are merged. */
  private isVoid(document: string, { session, count }: DocumentBeginning): boolean {
    const now = this.session.beginningOf(document);
    return session === now.session && count !== now.count;
  }

  private reset(document: string): void {
    // It stays open meanwhile.
    const lease = this.session.open(document);
    this.close(document);
    this.voided.set(document, lease);
    this.post({ type: 'reset', document });
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
      beginning: this.session.beginningOf(replica.name),
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
    subscriptions.add(this.agreement.follow(replica));
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
    this.voided.get(document)?.dispose();
    this.voided.delete(document);
    this.agreement.closed(document);
  }

  private update({ document, payload }: Extract<WindowMessage, { type: 'update' }>): void {
    const attached = this.documents.get(document);
    // The window was paused before, so that this is nothing that anybody has typed; it keeps what it did not send.
    if (this.voided.has(document)) return;
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
    for (const documents of [this.documents, this.voided]) {
      for (const document of documents.values()) document.dispose();
      documents.clear();
    }
    this.disposables.dispose();
  }
}

function statusOf(replica: DocumentReplica): DocumentStatus {
  const { access, isRestricted, saveState, isSynced, wasSynced, isKnown } = replica;
  return { access, isRestricted, saveState, isSynced, wasSynced, isKnown };
}

function isSameStatus(a: DocumentStatus, b: DocumentStatus): boolean {
  const explanationOf = (status: DocumentStatus) =>
    status.saveState.kind === 'refused' ? status.saveState.explanation : undefined;
  return (
    a.access === b.access &&
    a.isRestricted === b.isRestricted &&
    a.isSynced === b.isSynced &&
    a.wasSynced === b.wasSynced &&
    a.isKnown === b.isKnown &&
    a.saveState.kind === b.saveState.kind &&
    explanationOf(a) === explanationOf(b)
  );
}
