import * as Y from 'yjs';
import { type Disposable, DisposableStore, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import { CLOSE_CODES, type CloseCode, ProtocolError, type RelayMessage } from '../../shared/protocol/index.ts';
import type { Lane } from '../rooms/outlet.ts';
import type { RoomConnection } from '../rooms/room-connection.ts';
import { bringsNothing } from './known-deletions.ts';
import { EMPTY_UPDATE, encodeSyncStep1, encodeSyncStep2, encodeUpdate } from './y-message.ts';

type Message<T extends RelayMessage['type']> = Extract<RelayMessage, { type: T }>;

export interface DocumentSessionOptions {
  readonly document: string;
  readonly place: RoomConnection;
  readonly scheduler: Scheduler;
  send(frame: Uint8Array, lane: Lane): void;
  deny(explanation: string): void;
  end(closeCode: CloseCode, explanation: string): void;
  /** Something went wrong while nobody was waiting for it. */
  fail(error: unknown): void;
  /** The client has everything that was there when it came. */
  onSynced(): void;
}

type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening'; readonly handle: number; readonly opened: Message<'opened'> | undefined }
  | { readonly kind: 'open'; readonly handle: number };

/** How far the client was brought on this connection. */
interface Cursor {
  readonly epoch: string;
  readonly seq: number;
}

const MIN_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** The client's answer to sync step 1 is compared with what it was sent for so long. */
const ANSWER_TIMEOUT_MS = 30_000;

/** One Yjs client's document: turns its sync messages into those of the room, and the room's into its own. */
export class DocumentSession implements Disposable {
  private readonly options: DocumentSessionOptions;
  private readonly owned = new DisposableStore();
  private readonly retry = this.owned.add(new MutableDisposable<Disposable>());
  private readonly answerTimer = this.owned.add(new MutableDisposable<Disposable>());
  private state: State = { kind: 'closed' };
  private lastHandle = 0;
  private clientSeq = 0;
  private stateVector: Uint8Array = new Uint8Array(0);
  private cursor: Cursor | undefined;
  private retryMs = MIN_RETRY_MS;
  /** What the client was sent, until it has answered. */
  private sent: Uint8Array[] = [];
  /** The client has asked again while its last question was being answered. */
  private isAskedAgain = false;
  private hasSynced = false;
  /** What the client wrote before it had what the relay has may still come. */
  private isAnswerDue = true;
  /** The others know that the client has it through here. */
  private appliedSeq = 0;
  /** The client has edits that its role did not allow. */
  private hasRefused = false;

  constructor(options: DocumentSessionOptions) {
    this.options = options;
  }

  /** Whether the client has everything that was there when it came. */
  get isSynced(): boolean {
    return this.hasSynced;
  }

  /** The client tells what it has and asks for the rest. Throws {@link ProtocolError} when that makes no sense. */
  ask(stateVector: Uint8Array): void {
    checkStateVector(stateVector);
    this.stateVector = stateVector;
    this.cursor = undefined;
    if (this.state.kind === 'opening') this.isAskedAgain = true;
    else if (!this.retry.value) this.open();
  }

  /** An edit, or the client's answer to sync step 1. */
  submit(update: Uint8Array, isAnswer: boolean): void {
    if (isAnswer) {
      const isNew = !bringsNothing(update, this.sent);
      this.forgetSent();
      if (isNew) this.writeOrOpen(update);
      if (this.state.kind === 'open') this.isAnswerDue = false;
    } else this.writeOrOpen(update);
  }

  /** Everything that was sent to the client has left. */
  sentAll(): void {
    const { state, cursor } = this;
    if (state.kind !== 'open' || this.isAnswerDue || !cursor || cursor.seq <= this.appliedSeq) return;
    this.appliedSeq = cursor.seq;
    this.options.place.receive({ type: 'applied', handle: state.handle, seq: cursor.seq });
  }

  private writeOrOpen(update: Uint8Array): void {
    if (this.state.kind === 'closed') {
      // It is asked for once the document is open.
      if (!this.retry.value) this.open();
      return;
    }
    this.write(update);
  }

  /** Takes what the room says about the document; `translated` is its payload as a frame for the client. */
  take(message: RelayMessage, lane: Lane, translated?: Uint8Array): void {
    switch (message.type) {
      case 'opened':
        if (this.isCurrent(message.handle)) this.state = { kind: 'opening', handle: message.handle, opened: message };
        return;
      case 'sync':
        return this.takeSync(message, lane);
      case 'update':
        if (!this.isCurrent(message.handle)) return;
        this.advance(message.committedSeq);
        return this.options.send(translated ?? encodeUpdate(message.payload), lane);
      case 'committed':
        return this.isCurrent(message.handle) ? this.advance(message.seq) : undefined;
      case 'ack':
        this.retryMs = MIN_RETRY_MS;
        return;
      case 'refused':
        return this.takeRefusal(message);
      case 'renewed':
        // What it may write now builds on what was refused: the relay has to ask for that.
        return this.hasRefused && this.state.kind === 'open' ? this.openSoon(0) : undefined;
      case 'document-closed':
        return this.takeClosing(message);
      default:
    }
  }

  dispose(): void {
    this.owned.dispose();
    this.forgetSent();
  }

  private open(): void {
    const { place, document } = this.options;
    if (this.state.kind !== 'closed') place.receive({ type: 'close', handle: this.state.handle });
    const handle = ++this.lastHandle;
    this.state = { kind: 'opening', handle, opened: undefined };
    this.isAskedAgain = false;
    this.isAnswerDue = true;
    this.appliedSeq = 0;
    this.forgetSent();
    const { epoch = '', seq: afterSeq = 0 } = this.cursor ?? {};
    place.receive({ type: 'open', handle, document, epoch, afterSeq, stateVector: this.stateVector });
  }

  private write(payload: Uint8Array): void {
    if (this.state.kind === 'closed') return;
    const { handle } = this.state;
    this.options.place.receive({ type: 'update', handle, clientSeq: ++this.clientSeq, payload });
  }

  private takeSync({ handle, isLast, payload, throughSeq }: Message<'sync'>, lane: Lane): void {
    const { state } = this;
    if (state.kind !== 'opening' || state.handle !== handle || !state.opened) return;
    const { access, headSeq, epoch, stateVector } = state.opened;
    const { document } = this.options;
    if (headSeq === 0 && access === 'read') {
      const explanation = `The document ${document} does not exist, and your role may not make it.`;
      return this.options.end(CLOSE_CODES.roomNotFound, explanation);
    }
    if (payload.byteLength > 0) this.sent.push(payload);
    if (!isLast) return this.options.send(encodeUpdate(payload), lane);
    this.options.send(encodeSyncStep2(payload.byteLength > 0 ? payload : EMPTY_UPDATE), lane);
    this.state = { kind: 'open', handle };
    this.cursor = { epoch, seq: throughSeq };
    this.hasSynced = true;
    if (access === 'write') {
      this.hasRefused = false;
      this.askClient(stateVector, lane);
    } else {
      this.isAnswerDue = false;
      this.forgetSent();
    }
    // From its first opening on the document is there for those, too, who may not make one.
    if (headSeq === 0) this.write(EMPTY_UPDATE);
    this.options.onSynced();
    if (this.isAskedAgain) this.openSoon(0);
  }

  private askClient(stateVector: Uint8Array, lane: Lane): void {
    this.options.send(encodeSyncStep1(stateVector), lane);
    this.answerTimer.value = this.options.scheduler.schedule(() => this.forgetSent(), ANSWER_TIMEOUT_MS);
  }

  private takeRefusal({ reason, explanation }: Message<'refused'>): void {
    switch (reason) {
      case 'read-only':
        this.hasRefused = true;
        return this.options.deny(explanation);
      case 'too-large':
        return this.options.end(CLOSE_CODES.tooLarge, explanation);
      case 'malformed':
        return this.options.end(CLOSE_CODES.protocol, explanation);
      case 'rate-limited':
      case 'storage-full':
      case 'storage-failed':
        return this.openLater(explanation);
    }
  }

  private takeClosing({ handle, reason, explanation }: Message<'document-closed'>): void {
    if (!this.isCurrent(handle)) return;
    this.state = { kind: 'closed' };
    switch (reason) {
      case 'reopen':
        return this.openSoon(0);
      case 'unreadable':
        return this.openLater(explanation);
      case 'forbidden':
      case 'too-many-documents':
        return this.options.end(CLOSE_CODES.revoked, explanation);
    }
  }

  /** What the relay could not take or give now, it asks for again: opening a document compares it in both directions. */
  private openLater(explanation: string): void {
    if (this.retry.value) return;
    this.options.deny(explanation);
    this.openSoon(this.retryMs);
    this.retryMs = Math.min(2 * this.retryMs, MAX_RETRY_MS);
  }

  // Never at once: the room is in the middle of something.
  private openSoon(delayMs: number): void {
    this.retry.value = this.options.scheduler.schedule(() => {
      this.retry.value = undefined;
      try {
        this.open();
      } catch (error) {
        this.options.fail(error);
      }
    }, delayMs);
  }

  private advance(seq: number): void {
    if (this.state.kind === 'open' && this.cursor && seq > this.cursor.seq) this.cursor = { ...this.cursor, seq };
  }

  private forgetSent(): void {
    this.sent = [];
    this.answerTimer.value = undefined;
  }

  private isCurrent(handle: number): boolean {
    return this.state.kind !== 'closed' && this.state.handle === handle;
  }
}

function checkStateVector(stateVector: Uint8Array): void {
  try {
    Y.decodeStateVector(stateVector);
  } catch {
    throw new ProtocolError('malformed state vector');
  }
}
