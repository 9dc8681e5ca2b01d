import {
  type ChatPolicy,
  DEFAULT_ROOM_SETTINGS,
  type DocumentAccess,
  documentAccess,
  type Role,
} from '../access/index.ts';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  reportUnexpectedError,
  type Scheduler,
  toDisposable,
} from '../lifecycle/index.ts';
import { ACCESS_FEATURE, type RelayMessage } from '../protocol/index.ts';
import { ConnectionLoop, type ConnectionLoopOptions } from './connection-loop.ts';
import type { ConnectionState } from './connection-state.ts';
import type { DocumentMessage, DocumentReceiver, DocumentWire } from './document-wire.ts';
import type { OfflineStore } from './offline-store.ts';
import { type DocumentLease, OpenDocuments } from './open-documents.ts';
import { type Participant, PresenceChannel } from './presence-channel.ts';
import type { RelayConnection, Welcome } from './relay-connection.ts';
import type { SessionProblem } from './session-problem.ts';

/** How long somebody who leaves waits for the relay to take the last edits, so that others have them. */
export const DELIVERY_ON_LEAVING_MS = 1_000;

export interface RoomSessionOptions extends ConnectionLoopOptions {
  /** Stays the caller's: close it after {@link RoomSession.leave} has resolved. */
  readonly store: OfflineStore;
}

/** Who we are in the room, as the relay vouches for us. */
export interface SelfIdentity {
  readonly presenceId: number;
  readonly connectionId: string;
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  /** Counts for documents: less than `role` while somebody else presents. */
  readonly writesAs: Role;
  readonly chat: ChatPolicy;
  /** Subject of the one who writes while somebody presents. */
  readonly presenter: string | undefined;
  /** Rises with every change of links, people, requests and settings; owners ask the relay for them again. */
  readonly accessVersion: number;
  /** Why somebody may do less or more than their link says, for them; empty when they may not. */
  readonly accessExplanation: string;
}

/** This device's part in one room: one connection, many documents, presence. It works without a relay, too. */
export class RoomSession implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly loop: ConnectionLoop;
  private readonly scheduler: Scheduler;
  private readonly documents: OpenDocuments;
  private readonly presence: PresenceChannel;
  private readonly selfChanged = this.disposables.add(new Emitter<SelfIdentity | undefined>());
  private readonly problem = this.disposables.add(new Emitter<SessionProblem>());
  private readonly deliveryChanged = this.disposables.add(new Emitter<void>());
  private readonly receivers = new Map<number, DocumentReceiver>();
  private identity: SelfIdentity | undefined;
  private hearsAccess = false;
  private lastClientSeq = 0;
  private left: Promise<void> | undefined;

  readonly onDidChangeSelf = this.selfChanged.event;
  readonly onProblem = this.problem.event;
  readonly onDidChangeState: ConnectionLoop['onDidChangeState'];
  /** Fires with the presence ids that came, changed or went. */
  readonly onDidChangeParticipants: PresenceChannel['onDidChange'];

  /** Starts connecting at once. */
  constructor(options: RoomSessionOptions) {
    const { store, scheduler, random } = options;
    this.scheduler = scheduler;
    this.presence = this.disposables.add(new PresenceChannel(scheduler));
    this.documents = new OpenDocuments({
      store,
      scheduler,
      random,
      isPresent: (presenceId) => this.presence.participants.has(presenceId),
      onProblem: (problem) => this.problem.fire(problem),
      onStatus: () => {
        this.noticeCaughtUp();
        this.deliveryChanged.fire();
      },
    });
    this.loop = this.disposables.add(
      new ConnectionLoop(options, {
        onWelcome: (connection, welcome) => this.welcomed(connection, welcome),
        onMessage: (message) => this.receive(message),
        onLost: () => this.lost(),
      }),
    );
    this.onDidChangeState = this.loop.onDidChangeState;
    this.onDidChangeParticipants = this.presence.onDidChange;
    this.disposables.add(this.loop.onDidChangeState((state) => this.noticeEnd(state)));
    this.disposables.add(this.presence.onDidChange(() => this.documents.participantsChanged()));
    this.loop.start();
    void this.documents.sendLeftovers().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      const explanation = `Edits of an earlier start may wait unsent on this device: ${reason}`;
      this.problem.fire({ kind: 'store-failed', document: undefined, explanation });
    });
  }

  get state(): ConnectionState {
    return this.loop.state;
  }

  /** Whether {@link leave} was called. */
  get hasLeft(): boolean {
    return this.left !== undefined;
  }

  /** Undefined while there is no connection. */
  get self(): SelfIdentity | undefined {
    return this.identity;
  }

  /** Everybody else in the room, by presence id. */
  get participants(): ReadonlyMap<number, Participant> {
    return this.presence.participants;
  }

  /**
   * Opens a document; dispose the lease to give it back. Throws RangeError when `name` cannot be a document's, and
   * an Error after {@link leave}.
   */
  open(name: string): DocumentLease {
    if (this.left) throw new Error('the session has left the room');
    return this.documents.open(name);
  }

  /** Shows `state` to the others; undefined shows nothing. Throws RangeError above 4 KiB. */
  setPresence(state: Uint8Array | undefined): void {
    this.presence.setState(state);
  }

  /** Tries to connect at once instead of waiting. */
  retryNow(): void {
    this.loop.retryNow();
  }

  /** Resolves when the relay has every edit, when there is no connection to bring them, or after `atMostMs`. */
  async whenDelivered(atMostMs: number): Promise<void> {
    if (!this.documents.isDelivering) return;
    const waiting = this.disposables.add(new DisposableStore());
    await new Promise<void>((resolve) => {
      waiting.add(toDisposable(resolve));
      waiting.add(this.scheduler.schedule(() => this.disposables.delete(waiting), atMostMs));
      waiting.add(
        this.deliveryChanged.event(() => {
          if (!this.documents.isDelivering) this.disposables.delete(waiting);
        }),
      );
    });
  }

  /** Ends the connection and closes all documents; resolves when everything is stored. */
  leave(): Promise<void> {
    this.left ??= this.finish();
    return this.left;
  }

  /** Like {@link leave}, for those who cannot wait. */
  dispose(): void {
    this.leave().catch(reportUnexpectedError);
  }

  private async finish(): Promise<void> {
    const closed = this.documents.closeAll();
    this.loop.stop('You left the room.');
    await closed;
    this.disposables.dispose();
  }

  private welcomed(connection: RelayConnection, welcome: Welcome): void {
    const { presenceId, connectionId, subject, name, role, features } = welcome;
    this.hearsAccess = features.includes(ACCESS_FEATURE);
    const { chat } = DEFAULT_ROOM_SETTINGS;
    const access = { role, writesAs: role, chat, presenter: undefined, accessVersion: 0, accessExplanation: '' };
    this.identity = { presenceId, connectionId, subject, name, ...access };
    this.selfChanged.fire(this.identity);
    this.presence.connected({ ownPresenceId: presenceId, send: (message) => connection.send(message) });
    this.documents.connected(this.createWire(connection, welcome.maxUpdateBytes));
    this.noticeCaughtUp();
  }

  private createWire(connection: RelayConnection, maxUpdateBytes: number): DocumentWire {
    const { receivers } = this;
    let lastHandle = 0;
    return {
      maxUpdateBytes,
      get lastHeardMs() {
        return connection.lastHeardMs;
      },
      send: (message) => connection.send(message),
      assignHandle(receiver) {
        receivers.set(++lastHandle, receiver);
        return lastHandle;
      },
      releaseHandle(handle) {
        receivers.delete(handle);
      },
      nextClientSeq: () => ++this.lastClientSeq,
      roleAccessTo: (name) => this.accessTo(name),
    };
  }

  private accessTo(name: string): DocumentAccess {
    return this.identity ? documentAccess(this.identity.writesAs, name, this.identity.chat) : 'read';
  }

  private receive(message: RelayMessage): void {
    if (message.type === 'presence') {
      this.presence.receive(message);
    } else if (message.type === 'renewed') {
      if (!this.hearsAccess) this.changeAccess({ role: message.role, writesAs: message.role });
    } else if (message.type === 'access') {
      const { role, writesAs, chat, presenter, version: accessVersion, explanation: accessExplanation } = message;
      this.changeAccess({ role, writesAs, chat, presenter, accessVersion, accessExplanation });
    } else if (isDocumentMessage(message)) {
      this.receivers.get(message.handle)?.receive(message);
    }
  }

  private changeAccess(access: Partial<SelfIdentity>): void {
    if (!this.identity) return;
    this.identity = { ...this.identity, ...access };
    this.selfChanged.fire(this.identity);
    this.documents.accessChanged();
  }

  private lost(): void {
    this.receivers.clear();
    this.documents.disconnected();
    this.deliveryChanged.fire();
    this.receivers.clear();
    this.presence.disconnected();
    this.identity = undefined;
    this.selfChanged.fire(undefined);
  }

  private noticeCaughtUp(): void {
    if (this.loop.state.kind === 'catching-up' && this.documents.areAllSettled) this.loop.caughtUp();
  }

  private noticeEnd(state: ConnectionState): void {
    if (state.kind !== 'ended' || this.left) return;
    this.problem.fire({ kind: 'session-ended', document: undefined, explanation: state.explanation });
  }
}

function isDocumentMessage(message: RelayMessage): message is DocumentMessage {
  return 'handle' in message;
}
