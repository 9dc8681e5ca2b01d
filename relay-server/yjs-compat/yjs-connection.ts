import {
  type Disposable,
  DisposableStore,
  MutableDisposable,
  scheduleEvery,
  type Scheduler,
} from '../../shared/lifecycle/index.ts';
import {
  CLOSE_CODES,
  type CloseCode,
  isPermanentCloseCode,
  ProtocolError,
  type RelayMessage,
} from '../../shared/protocol/index.ts';
import type { Admitted } from '../access/room-grant.ts';
import { cutText } from '../cut-text.ts';
import { Egress } from '../gateway/egress.ts';
import type { PingableSocket } from '../gateway/server-socket.ts';
import { SlowReader } from '../gateway/slow-reader.ts';
import type { Lane, Outlet } from '../rooms/outlet.ts';
import type { RoomConnection } from '../rooms/room-connection.ts';
import type { RoomRegistry } from '../rooms/room-registry.ts';
import { TokenBucket } from '../rooms/token-bucket.ts';
import { type AwarenessEntry, decodeAwarenessUpdate, encodeAwarenessUpdate } from './awareness-update.ts';
import { DocumentSession } from './document-session.ts';
import { OwnAwareness } from './own-awareness.ts';
import { RoomAwareness } from './room-awareness.ts';
import { encodeShownPresence } from './shown-presence.ts';
import { translateFrame } from './translate-frame.ts';
import { decodeYMessage, encodeAwareness, encodePermissionDenied } from './y-message.ts';

export interface YjsConnectionServices {
  readonly rooms: RoomRegistry;
  readonly scheduler: Scheduler;
  readonly heartbeatIntervalMs: number;
  reportProblem(error: unknown): void;
}

export interface YjsConnectionOptions {
  readonly socket: PingableSocket;
  /** From a token that was checked. */
  readonly admitted: Admitted;
  readonly document: string;
  readonly services: YjsConnectionServices;
  /** Called once, when the socket is gone. */
  readonly onEnded: () => void;
}

/** A client that does not answer the closing handshake is cut off. */
const CLOSE_TIMEOUT_MS = 3_000;
const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_REASON_BYTES = 120;
/** Awareness of a whole room that a client repeats has room in it. */
const MAX_AWARENESS_BYTES = 1024 * 1024;
/** Far more than typing and moving cursors take. */
const MESSAGES = { capacity: 20_000, refillPerSecond: 2_000 };
/** A stock client prints every refusal. */
const DENIAL_INTERVAL_MS = 10_000;

/** One y-websocket client in a room: it speaks for the room in y-protocols, and for the client in the room's messages. */
export class YjsConnection implements Outlet, Disposable {
  private readonly options: YjsConnectionOptions;
  private readonly socket: PingableSocket;
  private readonly scheduler: Scheduler;
  private readonly egress: Egress;
  private readonly slowReader: SlowReader;
  private readonly messages: TokenBucket;
  private readonly place: RoomConnection;
  private readonly session: DocumentSession;
  private readonly own: OwnAwareness;
  private readonly others: RoomAwareness;
  private readonly owned = new DisposableStore();
  private readonly expiryTimer = this.owned.add(new MutableDisposable<Disposable>());
  private readonly closeTimer = this.owned.add(new MutableDisposable<Disposable>());
  private readonly lastDenials = new Map<string, number>();
  private heardAtMs: number;
  private isClosing = false;
  private isEnded = false;

  constructor(options: YjsConnectionOptions) {
    const { socket, admitted, document, services } = options;
    this.options = options;
    this.socket = socket;
    this.scheduler = services.scheduler;
    this.egress = new Egress(socket, services.scheduler);
    this.slowReader = new SlowReader(this.egress, this.scheduler);
    this.messages = new TokenBucket(MESSAGES, this.scheduler);
    this.heardAtMs = this.scheduler.elapsedMs();
    // Each socket is a session of its own: the protocol numbers no updates that could be sent again.
    this.place = services.rooms.join(admitted, services.rooms.createName(24), this);
    const { presenceId } = this.place;
    this.others = new RoomAwareness({
      document,
      ownPresenceId: presenceId,
      ownSubject: admitted.grant.subject,
      now: () => this.scheduler.now(),
    });
    this.own = new OwnAwareness({
      fallbackClientId: presenceId,
      isTakenByOther: (clientId) => this.others.isTakenByOther(clientId),
      isEcho: (entry) => this.others.isEcho(entry),
      show: (entry) => this.show(entry),
      deny: (explanation) => this.deny(explanation),
    });
    this.session = this.owned.add(
      new DocumentSession({
        document,
        place: this.place,
        scheduler: this.scheduler,
        send: (frame, lane) => this.sendToClient(frame, lane),
        deny: (explanation) => this.deny(explanation),
        end: (closeCode, explanation) => this.end(closeCode, explanation),
        fail: (error) => this.fail(error),
        onSynced: () => this.tell(this.others.all(this.own.clientId)),
      }),
    );
    this.owned.add(scheduleEvery(this.scheduler, () => this.beat(), services.heartbeatIntervalMs));
    this.watchExpiry();
    this.show(undefined);
    this.place.start();
    this.listen();
  }

  get isLagging(): boolean {
    return this.slowReader.isLagging;
  }

  send(message: RelayMessage, lane: Lane, onSent?: () => void): void {
    if (this.isClosing) return;
    this.take(message, lane);
    // Nothing overtakes within one WebSocket message: what is queued counts as sent.
    if (!this.isClosing) onSent?.();
  }

  sendFrame(frame: Uint8Array, lane: Lane): void {
    if (this.isClosing) return;
    const { message, translated } = translateFrame(frame);
    this.take(message, lane, translated);
  }

  end(closeCode: CloseCode, explanation: string): void {
    if (this.isClosing) return;
    this.leave();
    this.egress.clear();
    // What a stock client prints; the code keeps it from coming back.
    if (isPermanentCloseCode(closeCode)) this.socket.send(encodePermissionDenied(explanation));
    this.socket.close(closeCode, cutText(explanation, MAX_REASON_BYTES));
    this.expiryTimer.value = undefined;
    this.closeTimer.value = this.scheduler.schedule(() => this.terminate(), CLOSE_TIMEOUT_MS);
  }

  /** Ends the connection without a word. */
  dispose(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.leave();
    this.egress.clear();
    this.owned.dispose();
    this.options.onEnded();
  }

  /** Cuts the socket off. */
  terminate(): void {
    this.socket.terminate();
    this.dispose();
  }

  private listen(): void {
    this.socket.listen({
      onFrame: (frame) => this.receive(frame),
      onText: () => this.end(CLOSE_CODES.protocol, 'Text frames are not part of the protocol.'),
      onDrain: () => this.drained(),
      onPong: (marker) => {
        this.heardAtMs = this.scheduler.elapsedMs();
        this.egress.noteAnswer(marker);
      },
      onClose: () => this.dispose(),
    });
  }

  private leave(): void {
    this.isClosing = true;
    this.session.dispose();
    this.place.dispose();
  }

  private receive(frame: Uint8Array): void {
    this.heardAtMs = this.scheduler.elapsedMs();
    if (this.isClosing) return;
    try {
      if (!this.messages.take(1)) return this.end(CLOSE_CODES.tryAgainLater, 'Too many messages at once.');
      this.takeFromClient(frame);
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    if (error instanceof ProtocolError) return this.end(error.closeCode, error.message);
    this.options.services.reportProblem(error);
    this.end(CLOSE_CODES.tryAgainLater, 'The relay failed to handle a message.');
  }

  private takeFromClient(frame: Uint8Array): void {
    const message = decodeYMessage(frame);
    switch (message.type) {
      case 'sync-step-1':
        return this.session.ask(message.stateVector);
      case 'sync-step-2':
        this.session.submit(message.update, true);
        return this.noteSent();
      case 'update':
        return this.session.submit(message.update, false);
      case 'awareness':
        if (message.update.byteLength > MAX_AWARENESS_BYTES)
          throw new ProtocolError(`awareness of ${message.update.byteLength} bytes`, CLOSE_CODES.tooLarge);
        return this.own.take(decodeAwarenessUpdate(message.update));
      case 'query-awareness':
        // Until it is synced it may turn out that the document is not for this client; then it is told by itself.
        return this.session.isSynced ? this.tell(this.others.all(this.own.clientId)) : undefined;
    }
  }

  private take(message: RelayMessage, lane: Lane, translated?: Uint8Array): void {
    if (message.type !== 'presence') {
      this.session.take(message, lane, translated);
      return this.noteSent();
    }
    const changes = this.others.take(message.entries, this.own.clientId);
    if (this.session.isSynced) this.tell(changes);
  }

  private show(entry: AwarenessEntry | undefined): void {
    if (this.isClosing) return;
    this.place.receive({ type: 'presence', state: encodeShownPresence(this.options.document, entry) });
  }

  private tell(entries: readonly AwarenessEntry[]): void {
    if (entries.length > 0) this.sendToClient(encodeAwareness(encodeAwarenessUpdate(entries)), 'presence');
  }

  private deny(explanation: string): void {
    const nowMs = this.scheduler.elapsedMs();
    if (nowMs - (this.lastDenials.get(explanation) ?? -Infinity) < DENIAL_INTERVAL_MS) return;
    this.lastDenials.set(explanation, nowMs);
    this.sendToClient(encodePermissionDenied(explanation), 'control');
  }

  private sendToClient(frame: Uint8Array, lane: Lane): void {
    if (this.isClosing) return;
    this.egress.sendFrame(frame, lane);
    this.assess();
  }

  /** Also keeps a stock client from giving up: it does after 30 s without a message, whatever the socket says. */
  private beat(): void {
    if (this.isClosing) return;
    const silentMs = this.scheduler.elapsedMs() - this.heardAtMs;
    if (silentMs > 2.5 * this.options.services.heartbeatIntervalMs)
      return this.end(CLOSE_CODES.tryAgainLater, 'Nothing was heard from you for too long.');
    this.socket.ping();
    const renewals = this.session.isSynced ? this.others.renewals(this.own.clientId) : [];
    this.sendToClient(encodeAwareness(encodeAwarenessUpdate(renewals)), 'control');
  }

  private watchExpiry(leftMs = this.options.admitted.grant.expiresAtMs - this.scheduler.now()): void {
    const dueMs = this.scheduler.elapsedMs() + leftMs;
    this.expiryTimer.value = this.scheduler.schedule(
      () => {
        const stillMs = dueMs - this.scheduler.elapsedMs();
        if (stillMs > 0) return this.watchExpiry(stillMs);
        this.end(CLOSE_CODES.unauthenticated, 'The token has expired. Connect again with a fresh one.');
      },
      // Timers of longer delays would fire at once.
      Math.min(Math.max(leftMs, 0), MAX_TIMER_MS),
    );
  }

  private drained(): void {
    if (this.isEnded) return;
    this.egress.pump();
    this.assess();
    this.noteSent();
  }

  private noteSent(): void {
    if (!this.isClosing && this.egress.backlogBytes === 0) this.session.sentAll();
  }

  private assess(): void {
    if (this.isClosing) return;
    const verdict = this.slowReader.assess();
    if (verdict === 'hopeless') this.end(CLOSE_CODES.tryAgainLater, 'The connection is too slow for what it is sent.');
    else if (verdict === 'recovered') this.place.caughtUp();
  }
}
