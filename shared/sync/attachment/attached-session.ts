import {
  type Disposable,
  DisposableStore,
  Emitter,
  MutableDisposable,
  type Scheduler,
  systemScheduler,
  toDisposable,
} from '../../lifecycle/index.ts';
import type * as Y from 'yjs';
import type { SyncHealth } from '../connection-health.ts';
import type { NudgeReason } from '../connection-loop.ts';
import type { ConnectionState, SaveState } from '../connection-state.ts';
import { isDocumentName } from '../open-documents.ts';
import type { Participant } from '../presence-channel.ts';
import type { SelfIdentity } from '../own-identity.ts';
import type { SessionProblem } from '../session-problem.ts';
import type { AgreementState } from '../agreement.ts';
import type { ResyncOutcome } from '../resync.ts';
import { AttachedResyncs } from './attached-resyncs.ts';
import { AttachedAway } from './attached-away.ts';
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
  /** Whether the copies of others are the same; a change fires `onDidChangeStatus`. */
  readonly agreement: AgreementState;
  /** Fires when `doc` and `whenReady` are others from now on, since the engine has begun the document anew. */
  readonly onDidReset: DocumentCopy['onDidReset'];
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
  private readonly healthChanged = this.disposables.add(new Emitter<SyncHealth>());
  private readonly selfChanged = this.disposables.add(new Emitter<SelfIdentity | undefined>());
  private readonly participantsChanged = this.disposables.add(new Emitter<readonly number[]>());
  private readonly problem = this.disposables.add(new Emitter<SessionProblem>());
  private readonly documents = new Map<string, HeldDocument>();
  private readonly others = new Map<number, Participant>();
  private readonly scheduler: Scheduler;
  private port: AttachmentPort | undefined;
  private currentState: ConnectionState;
  private currentHealth: SyncHealth;
  private identity: SelfIdentity | undefined;
  private presence: Uint8Array | undefined;

  /** What happened while this device was away. */
  readonly away = this.disposables.add(
    new AttachedAway((message) => {
      this.post(message);
      return this.port !== undefined;
    }),
  );
  private readonly resyncs = new AttachedResyncs();
  private readonly agreementChanged = this.disposables.add(new Emitter<string>());
  /** Fires with the name of a document whose {@link agreementOf} has changed. */
  readonly onDidChangeAgreement = this.agreementChanged.event;
  readonly onDidChangeState = this.stateChanged.event;
  readonly onDidChangeHealth = this.healthChanged.event;
  readonly onDidChangeSelf = this.selfChanged.event;
  /** Fires with the presence ids that came, changed or went. */
  readonly onDidChangeParticipants = this.participantsChanged.event;
  readonly onProblem = this.problem.event;

  constructor(scheduler: Scheduler = systemScheduler) {
    this.scheduler = scheduler;
    const sinceMs = scheduler.elapsedMs();
    this.currentState = { kind: 'connecting', sinceMs };
    this.currentHealth = { kind: 'behind', sinceMs, cause: 'no-connection' };
  }

  /** Its times are of this window's `Scheduler.elapsedMs`. */
  get state(): ConnectionState {
    return this.currentState;
  }

  /** Whether edits pass between the engine and the relay now, in the same time. */
  get health(): SyncHealth {
    return this.currentHealth;
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
    if (this.port) this.detach();
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
      get doc() {
        return copy.doc;
      },
      get whenReady() {
        return copy.whenReady;
      },
      whenSynced: copy.whenSynced,
      onDidChangeStatus: copy.onDidChangeStatus,
      onDidReset: copy.onDidReset,
      get agreement() {
        return copy.agreement;
      },
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

  /** Whether the copies of others are the same as that of a document which is open here. */
  agreementOf(document: string): AgreementState {
    return this.documents.get(document)?.copy.agreement ?? { kind: 'unknown' };
  }

  /**
   * Puts what the relay has of a file in the place of what is here, which is listed as a new file first when it is
   * another text; with `isUnkept` it is not. Never rejects.
   */
  resync(document: string, isUnkept = false): Promise<ResyncOutcome> {
    return this.resyncs.ask({ document, isUnkept }, this.port ? this.post : undefined);
  }

  retryNow(): void {
    this.post({ type: 'retry-now' });
  }

  /** Tells the engine that the connection may have died or may be possible again. */
  nudge(reason: NudgeReason): void {
    this.post({ type: 'nudge', reason });
  }

  private readonly post = (message: WindowMessage): void => {
    this.port?.post(message);
  };

  private create(name: string): HeldDocument {
    const held: HeldDocument = { copy: new DocumentCopy(name, this.scheduler), holds: 0 };
    this.documents.set(name, held);
    if (this.port) held.copy.attach(this.post);
    return held;
  }

  private release(name: string, held: HeldDocument): void {
    held.holds--;
    if (held.holds > 0 || this.documents.get(name) !== held) return;
    this.documents.delete(name);
    held.copy.dispose();
    this.agreementChanged.fire(name);
  }

  private receive(message: unknown): void {
    if (!isEngineMessage(message)) throw new TypeError('the engine sent something that is not a message');
    switch (message.type) {
      case 'attached':
        return this.attached(message);
      case 'state':
        return this.setState(toOwnTime(message.state, this.aheadOf(message)));
      case 'health':
        return this.setHealth(toOwnTime(message.health, this.aheadOf(message)));
      case 'self':
        return this.setSelf(message.self);
      case 'participants':
        return this.updateParticipants(message.changed, message.gone);
      case 'problem':
        return this.problem.fire(message.problem);
      case 'away':
      case 'away-texts':
      case 'away-done':
        return this.away.receive(message);
      case 'agreement':
      case 'reset':
        this.documents.get(message.document)?.copy.receive(message);
        return this.agreementChanged.fire(message.document);
      case 'resynced':
        return this.resyncs.receive(message);
      case 'opened':
      case 'update':
      case 'status':
      case 'pause':
      case 'resume':
        return this.documents.get(message.document)?.copy.receive(message);
    }
  }

  private attached(message: Extract<EngineMessage, { type: 'attached' }>): void {
    const { state, health, self, participants } = message;
    const present = new Set(participants.map(({ presenceId }) => presenceId));
    this.setSelf(self);
    this.updateParticipants(
      participants,
      [...this.others.keys()].filter((id) => !present.has(id)),
    );
    const aheadMs = this.aheadOf(message);
    this.setHealth(toOwnTime(health, aheadMs));
    this.setState(toOwnTime(state, aheadMs));
  }

  /** How far this window's time is ahead of the engine's. */
  private aheadOf({ atMs }: { readonly atMs: number }): number {
    return this.scheduler.elapsedMs() - atMs;
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
    this.detach();
    this.setSelf(undefined);
    this.updateParticipants([], [...this.others.keys()]);
    const explanation =
      'This window lost the rest of Tutti. Edits are kept in the window until it is back; do not close it.';
    const sinceMs = this.scheduler.elapsedMs();
    this.setHealth({ kind: 'behind', sinceMs, cause: 'no-connection' });
    this.setState({ kind: 'ended', sinceMs, closeCode: NO_ENGINE_CODE, explanation });
  }

  /** Nothing that was asked of the engine will be answered. */
  private detach(): void {
    this.away.detach();
    this.resyncs.detach();
    for (const [name, { copy }] of this.documents) {
      copy.detach();
      this.agreementChanged.fire(name);
    }
  }

  private setHealth(health: SyncHealth): void {
    this.currentHealth = health;
    this.healthChanged.fire(health);
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
    this.resyncs.detach();
    this.port = undefined;
    this.disposables.dispose();
  }
}

function toOwnTime<T extends ConnectionState | SyncHealth>(told: T, aheadMs: number): T {
  return {
    ...told,
    ...('sinceMs' in told && { sinceMs: told.sinceMs + aheadMs }),
    ...('nextTryAtMs' in told && { nextTryAtMs: told.nextTryAtMs + aheadMs }),
  };
}
