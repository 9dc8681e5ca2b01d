import { type Disposable, DisposableStore, Emitter, MutableDisposable, toDisposable } from '../../lifecycle/index.ts';
import type * as Y from 'yjs';
import type { ConnectionState, SaveState } from '../connection-state.ts';
import { isDocumentName } from '../open-documents.ts';
import type { Participant } from '../presence-channel.ts';
import type { SelfIdentity } from '../room-session.ts';
import type { SessionProblem } from '../session-problem.ts';
import { DocumentCopy } from './attached-document.ts';
import { type DocumentStatus, type EngineMessage, isEngineMessage, type WindowMessage } from './attachment-messages.ts';
import type { AttachmentPort } from './attachment-port.ts';

const NO_ENGINE_CODE = 1006;

/** A window's hold on one document; dispose it to give it back. Holds on one document share its `doc`. */
export interface AttachedDocument extends Disposable {
  readonly name: string;
  readonly doc: Y.Doc;
  /** Resolves when the engine's stored state has arrived for the first time. */
  readonly whenReady: Promise<void>;
  /** Resolves when the engine has been in step with the relay once; stays pending while there is no relay. */
  readonly whenSynced: Promise<void>;
  readonly access: DocumentStatus['access'];
  readonly saveState: SaveState;
  readonly status: DocumentStatus;
  readonly onDidChangeStatus: DocumentCopy['onDidChangeStatus'];
}

interface HeldDocument {
  readonly copy: DocumentCopy;
  holds: number;
}

/** A window's side of the engine: looks like the session, over a port. It outlives a port and takes a new one. */
export class AttachedSession implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly connection = this.disposables.add(new MutableDisposable<DisposableStore>());
  private readonly stateChanged = this.disposables.add(new Emitter<ConnectionState>());
  private readonly selfChanged = this.disposables.add(new Emitter<SelfIdentity | undefined>());
  private readonly participantsChanged = this.disposables.add(new Emitter<readonly number[]>());
  private readonly problem = this.disposables.add(new Emitter<SessionProblem>());
  private readonly documents = new Map<string, HeldDocument>();
  private readonly others = new Map<number, Participant>();
  private readonly now: () => number;
  private port: AttachmentPort | undefined;
  private currentState: ConnectionState;
  private identity: SelfIdentity | undefined;
  private presence: Uint8Array | undefined;

  readonly onDidChangeState = this.stateChanged.event;
  readonly onDidChangeSelf = this.selfChanged.event;
  /** Fires with the presence ids that came, changed or went. */
  readonly onDidChangeParticipants = this.participantsChanged.event;
  readonly onProblem = this.problem.event;

  /** `now` tells milliseconds since the epoch. */
  constructor(now: () => number = Date.now) {
    this.now = now;
    this.currentState = { kind: 'connecting', sinceMs: now() };
  }

  get state(): ConnectionState {
    return this.currentState;
  }

  get self(): SelfIdentity | undefined {
    return this.identity;
  }

  /** Everybody else in the room, by presence id. */
  get participants(): ReadonlyMap<number, Participant> {
    return this.others;
  }

  /** Takes over `port`, whose other end is the engine; an earlier port is closed. Open documents are compared again. */
  attach(port: AttachmentPort): void {
    const connection = new DisposableStore();
    connection.add(port);
    connection.add(port.onMessage((message) => this.receive(message)));
    connection.add(port.onClose(() => this.lost(port)));
    this.connection.value = connection;
    this.port = port;
    for (const { copy } of this.documents.values()) copy.attach(this.post);
    if (this.presence) this.post({ type: 'presence', state: this.presence });
  }

  /** Throws RangeError when `name` cannot be a document's. */
  open(name: string): AttachedDocument {
    if (!isDocumentName(name)) throw new RangeError(`"${name.slice(0, 80)}" is not a name for a document`);
    const held = this.documents.get(name) ?? this.create(name);
    const { copy } = held;
    held.holds++;
    const release = toDisposable(() => this.release(name, held));
    return {
      name,
      doc: copy.doc,
      whenReady: copy.whenReady,
      whenSynced: copy.whenSynced,
      onDidChangeStatus: copy.onDidChangeStatus,
      get access() {
        return copy.access;
      },
      get saveState() {
        return copy.saveState;
      },
      get status() {
        return copy.status;
      },
      dispose: () => release.dispose(),
    };
  }

  /** Shows `state` to the others; undefined shows nothing. */
  setPresence(state: Uint8Array | undefined): void {
    this.presence = state;
    this.post({ type: 'presence', state });
  }

  retryNow(): void {
    this.post({ type: 'retry-now' });
  }

  private readonly post = (message: WindowMessage): void => {
    this.port?.post(message);
  };

  private create(name: string): HeldDocument {
    const held: HeldDocument = { copy: new DocumentCopy(name), holds: 0 };
    this.documents.set(name, held);
    if (this.port) held.copy.attach(this.post);
    return held;
  }

  private release(name: string, held: HeldDocument): void {
    held.holds--;
    if (held.holds > 0 || this.documents.get(name) !== held) return;
    this.documents.delete(name);
    held.copy.dispose();
  }

  private receive(message: unknown): void {
    if (!isEngineMessage(message)) throw new TypeError('the engine sent something that is not a message');
    switch (message.type) {
      case 'attached':
        return this.attached(message);
      case 'state':
        return this.setState(message.state);
      case 'self':
        return this.setSelf(message.self);
      case 'participants':
        return this.updateParticipants(message.changed, message.gone);
      case 'problem':
        return this.problem.fire(message.problem);
      case 'opened':
      case 'update':
      case 'status':
        return this.documents.get(message.document)?.copy.receive(message);
    }
  }

  private attached({ state, self, participants }: Extract<EngineMessage, { type: 'attached' }>): void {
    const present = new Set(participants.map(({ presenceId }) => presenceId));
    this.setSelf(self);
    this.updateParticipants(
      participants,
      [...this.others.keys()].filter((id) => !present.has(id)),
    );
    this.setState(state);
  }

  private updateParticipants(changed: readonly Participant[], gone: readonly number[]): void {
    for (const presenceId of gone) this.others.delete(presenceId);
    for (const participant of changed) this.others.set(participant.presenceId, participant);
    const ids = [...gone, ...changed.map(({ presenceId }) => presenceId)];
    if (ids.length > 0) this.participantsChanged.fire(ids);
  }

  private lost(port: AttachmentPort): void {
    if (this.port !== port) return;
    this.port = undefined;
    this.connection.value = undefined;
    for (const { copy } of this.documents.values()) copy.detach();
    this.setSelf(undefined);
    this.updateParticipants([], [...this.others.keys()]);
    const explanation =
      'This window lost the rest of Tutti. Edits are kept in the window until it is back; do not close it.';
    this.setState({ kind: 'ended', sinceMs: this.now(), closeCode: NO_ENGINE_CODE, explanation });
  }

  private setState(state: ConnectionState): void {
    this.currentState = state;
    this.stateChanged.fire(state);
  }

  private setSelf(self: SelfIdentity | undefined): void {
    this.identity = self;
    this.selfChanged.fire(self);
  }

  dispose(): void {
    for (const { copy } of this.documents.values()) copy.dispose();
    this.documents.clear();
    this.port = undefined;
    this.disposables.dispose();
  }
}
