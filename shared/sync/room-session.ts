import {
  type Disposable,
  DisposableStore,
  Emitter,
  errorMessage,
  reportUnexpectedError,
  type Scheduler,
  toDisposable,
} from '../lifecycle/index.ts';
import { COMPARE_FEATURE, DIGEST_FEATURE, type RelayMessage } from '../protocol/index.ts';
import { type ComparedCursor, HeadQuestions, type HeadsAnswer } from './head-questions.ts';
import { SessionAway } from './away/session-away.ts';
import type { ChangeAuthors } from './away/change-authors.ts';
import { ConnectionHealth, type SyncHealth } from './connection-health.ts';
import { ConnectionLoop, type ConnectionLoopOptions, type NudgeReason } from './connection-loop.ts';
import type { ConnectionState } from './connection-state.ts';
import { TRANSIENT_REFUSALS } from './document-channel.ts';
import type { DocumentMessage, DocumentWire } from './document-wire.ts';
import { HandleReceivers } from './handle-receivers.ts';
import type { OfflineStore } from './offline-store.ts';
import { type AckedEdits, type DocumentAgreement, type DocumentLease, OpenDocuments } from './open-documents.ts';
import { OwnIdentity, type SelfIdentity } from './own-identity.ts';
import { type Participant, PresenceChannel } from './presence-channel.ts';
import type { RelayConnection, Welcome } from './relay-connection.ts';
import type { DocumentBeginning, DocumentSeed } from './document-seed.ts';
import { keepBeside } from './kept-copy.ts';
import { resync, type ResyncOutcome } from './resync.ts';
import type { SessionProblem } from './session-problem.ts';
import { type DocumentEditor, WindowPauses } from './window-pauses.ts';

/** How long somebody who leaves waits for the relay to take the last edits, so that others have them. */
export const DELIVERY_ON_LEAVING_MS = 1_000;

export interface RoomSessionOptions extends ConnectionLoopOptions {
  /** Stays the caller's: close it after {@link RoomSession.leave} has resolved. */
  readonly store: OfflineStore;
  /** Asks the relay who changed files while this device was away; without it nobody is named. */
  readonly authors?: ChangeAuthors;
}

/** This device's part in one room: one connection, many documents, presence. It works without a relay, too. */
export class RoomSession implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly loop: ConnectionLoop;
  private readonly scheduler: Scheduler;
  private readonly documents: OpenDocuments;
  /** What happened while this device was away. */
  readonly away: SessionAway;
  private readonly presence: PresenceChannel;
  private readonly connectionHealth: ConnectionHealth;
  private readonly identity = this.disposables.add(new OwnIdentity(() => this.documents.accessChanged()));
  private readonly problem = this.disposables.add(new Emitter<SessionProblem>());
  private readonly acked = this.disposables.add(new Emitter<AckedEdits>());
  private readonly agreed = this.disposables.add(new Emitter<DocumentAgreement>());
  private readonly deliveryChanged = this.disposables.add(new Emitter<void>());
  private readonly receivers: HandleReceivers;
  private readonly heads = new HeadQuestions();
  private readonly pauses: WindowPauses;
  private readonly resyncs = new Map<string, Promise<ResyncOutcome>>();
  private readonly random: () => number;
  private readonly sessionId: string;
  private lastClientSeq = 0;
  private left: Promise<void> | undefined;

  readonly onDidChangeSelf = this.identity.onDidChange;
  readonly onProblem = this.problem.event;
  /** The relay has taken edits of this device. */
  readonly onDidAck = this.acked.event;
  /** Whether the copies of an open document are the same has changed. */
  readonly onDidChangeAgreement = this.agreed.event;
  readonly onDidChangeState: ConnectionLoop['onDidChangeState'];
  readonly onDidChangeHealth: ConnectionHealth['onDidChange'];
  /** Fires with the presence ids that came, changed or went. */
  readonly onDidChangeParticipants: PresenceChannel['onDidChange'];

  /** Starts connecting at once. */
  constructor(options: RoomSessionOptions) {
    const { store, scheduler, random } = options;
    this.scheduler = scheduler;
    this.random = random;
    this.sessionId = options.sessionId;
    this.pauses = new WindowPauses(scheduler);
    this.presence = this.disposables.add(new PresenceChannel(scheduler));
    this.connectionHealth = this.disposables.add(new ConnectionHealth(scheduler));
    this.onDidChangeHealth = this.connectionHealth.onDidChange;
    this.receivers = new HandleReceivers((handle) => this.connectionHealth.closed(handle));
    this.away = this.disposables.add(
      new SessionAway({
        store,
        scheduler,
        authors: options.authors,
        open: (name) => this.open(name),
        indexDocument: () => this.documents.indexDocument,
        compareHeads: (cursors) => this.compareHeads(cursors),
        present: () => this.presence.participants,
        onProblem: (explanation) => this.problem.fire({ kind: 'store-failed', document: undefined, explanation }),
      }),
    );
    this.documents = new OpenDocuments({
      follow: (followed) => this.away.watch.follow(followed),
      store,
      scheduler,
      random,
      isPresent: (presenceId) => this.presence.participants.has(presenceId),
      onProblem: (problem) => this.problem.fire(problem),
      onAcked: (edits) => this.acked.fire(edits),
      onAgreement: (told) => this.agreed.fire(told),
      onStatus: () => {
        this.noticeCaughtUp();
        this.deliveryChanged.fire();
      },
    });
    this.loop = this.disposables.add(
      new ConnectionLoop(options, {
        onWelcome: (connection, welcome) => this.welcomed(connection, welcome),
        onMessage: (message) => this.receive(message),
        onAnswered: () => this.connectionHealth.answered(),
        onLost: () => this.lost(),
      }),
    );
    this.onDidChangeState = this.loop.onDidChangeState;
    this.onDidChangeParticipants = this.presence.onDidChange;
    this.disposables.add(this.loop.onDidChangeState((state) => this.noticeEnd(state)));
    this.disposables.add(this.loop.onDidChangeState(({ kind }) => this.connectionHealth.stateChanged(kind)));
    this.disposables.add(this.presence.onDidChange(() => this.documents.participantsChanged()));
    this.disposables.add(this.presence.onDidChange(() => this.away.watch.participantsChanged()));
    this.disposables.add(this.loop.onDidChangeState(({ kind }) => kind === 'online' && this.away.watch.returned()));
    this.loop.start();
    void this.documents.sendLeftovers().catch((error: unknown) => {
      const reason = errorMessage(error);
      const explanation = `Edits of an earlier start may wait unsent on this device: ${reason}`;
      this.problem.fire({ kind: 'store-failed', document: undefined, explanation });
    });
  }

  get state(): ConnectionState {
    return this.loop.state;
  }

  /** Whether edits pass between this device and the relay now. */
  get health(): SyncHealth {
    return this.connectionHealth.value;
  }

  /** Now, by the times in `state` and `health`. */
  get elapsedMs(): number {
    return this.scheduler.elapsedMs();
  }

  /** Whether {@link leave} was called. */
  get hasLeft(): boolean {
    return this.left !== undefined;
  }

  /** Undefined while there is no connection. */
  get self(): SelfIdentity | undefined {
    return this.identity.value;
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

  /** Fires with the name of a document that was begun anew: its leases give another replica from now on. */
  get onDidRenew(): OpenDocuments['onDidRenew'] {
    return this.documents.onDidRenew;
  }

  /** How often a document was begun anew. What somebody has of an earlier beginning must not come back. */
  beginningOf(name: string): DocumentBeginning {
    return { session: this.sessionId, count: this.documents.countRenewals(name) };
  }

  /** Takes in somebody who changes documents, to be paused while one is begun anew. */
  addEditor(editor: DocumentEditor): Disposable {
    return this.pauses.add(editor);
  }

  /**
   * Puts what the relay has of a file in the place of what is here, which is listed as a new file first when it is
   * another text; with `isUnkept` it is not. Whoever asks while it is under way gets the same outcome. Never rejects.
   */
  resync(name: string, isUnkept = false): Promise<ResyncOutcome> {
    const running = this.resyncs.get(name) ?? this.beginResync(name, isUnkept).finally(() => this.resyncs.delete(name));
    this.resyncs.set(name, running);
    return running;
  }

  private beginResync(name: string, isUnkept: boolean): Promise<ResyncOutcome> {
    const { documents, pauses, scheduler, random, disposables } = this;
    const room = {
      lifetime: disposables,
      open: (document: string) => this.open(document),
      get wire() {
        return documents.openWire;
      },
      scheduler,
      random,
      pause: (document: string) => pauses.pause(document),
      renew: (document: string, seed: DocumentSeed) => documents.renew(document, seed),
    };
    return resync(room, name, isUnkept);
  }

  /** Whether a document is being begun anew: whoever opens it must not change it yet. */
  isPaused(name: string): boolean {
    return this.pauses.isPaused(name);
  }

  /** Lists `text` as a new file beside a file. Gives its path; undefined when the file has that text. Rejects with Error. */
  async keepBeside(name: string, text: string): Promise<string | undefined> {
    const { scheduler, random } = this;
    return keepBeside(name, text, { open: (document) => this.open(document), scheduler, random });
  }

  /** Asks the relay which documents stand elsewhere than the cursors say. Throws RangeError above 20,000 cursors. */
  compareHeads(cursors: readonly ComparedCursor[]): Promise<HeadsAnswer> {
    return this.heads.ask(cursors);
  }

  /** Shows `state` to the others; undefined shows nothing. Throws RangeError above 4 KiB. */
  setPresence(state: Uint8Array | undefined): void {
    this.presence.setState(state);
  }

  /** The token source calls us `name` from now on: the relay gets such a token, and tells the others. */
  rename(name: string): void {
    this.identity.rename(name);
    this.loop.renewToken();
  }

  /** Tries to connect at once instead of waiting; a connection that stands is tested. */
  retryNow(): void {
    this.loop.retryNow();
  }

  /**
   * Tells that the connection may have died or may be possible again: tries at once, or tests the one that stands. After
   * a permanent end nothing happens. `asleepMs`: how long the device is known to have slept.
   */
  nudge(reason: NudgeReason, asleepMs = 0): void {
    this.loop.nudge(reason, asleepMs);
  }

  /** The relay has answered a request by HTTP: see {@link ConnectionLoop.relayAnswered}. */
  relayAnswered(): void {
    this.loop.relayAnswered();
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
    const kept = this.away.close();
    this.loop.stop('You left the room.');
    await closed;
    await kept;
    this.disposables.dispose();
  }

  private welcomed(connection: RelayConnection, welcome: Welcome): void {
    const { presenceId, subject, features, nowMs } = welcome;
    this.identity.connected(welcome);
    this.presence.connected({ ownPresenceId: presenceId, send: (message) => connection.send(message) });
    this.connectionHealth.connected(connection);
    this.away.connected(subject, nowMs);
    if (features.includes(COMPARE_FEATURE)) this.heads.connected((message) => connection.send(message));
    this.documents.connected(this.createWire(connection, welcome));
    this.noticeCaughtUp();
  }

  private createWire(connection: RelayConnection, { maxUpdateBytes, features }: Welcome): DocumentWire {
    const { connectionHealth } = this;
    return {
      ...this.receivers.begin(),
      maxUpdateBytes,
      takesDigests: features.includes(DIGEST_FEATURE),
      get lastHeardMs() {
        return connection.lastHeardMs;
      },
      send(message, isBulk) {
        if (message.type === 'update') connectionHealth.sent(message.handle, message.clientSeq);
        connection.send(message, isBulk);
      },
      nextClientSeq: () => ++this.lastClientSeq,
      roleAccessTo: (name) => this.identity.accessTo(name),
    };
  }

  private receive(message: RelayMessage): void {
    if (message.type === 'presence') {
      this.presence.receive(message);
    } else if (message.type === 'renewed' || message.type === 'access') {
      this.identity.receive(message);
    } else if (message.type === 'compared') {
      this.heads.receive(message);
    } else if (isDocumentMessage(message)) {
      this.noteSettled(message);
      this.receivers.receive(message);
    }
  }

  private noteSettled(message: DocumentMessage): void {
    if (message.type === 'ack' || (message.type === 'refused' && !TRANSIENT_REFUSALS.includes(message.reason)))
      this.connectionHealth.settled(message.handle, message.clientSeq);
  }

  private lost(): void {
    this.heads.disconnected();
    this.connectionHealth.disconnected();
    this.documents.disconnected();
    this.receivers.end();
    this.away.watch.lost();
    this.deliveryChanged.fire();
    this.presence.disconnected();
    this.identity.disconnected();
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
