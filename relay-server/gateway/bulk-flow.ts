import type { Disposable, Scheduler } from '../../shared/lifecycle/index.ts';
import { LinkWindow, PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';
import type { ServerSocket } from './server-socket.ts';

/** A client that has answered no probe for so long never will. */
const NO_ANSWER_MS = 5_000;
/** One that has answered before may have a link that is full, or was away. */
const NO_FURTHER_ANSWER_MS = 60_000;
/** One that never answers may do so after all, and is asked so often; each question is remembered until then. */
const MAX_UNANSWERED = 4;

/** Keeps large messages to one client from filling its link: asks it, between them, whether they have arrived. */
export class BulkFlow implements Disposable {
  private readonly socket: ServerSocket;
  private readonly scheduler: Scheduler;
  private readonly onDidOpen: () => void;
  /** Once something was on the way. */
  private window: LinkWindow | undefined;
  private lastMarker = 0;
  private hasAnswered = false;
  /** What the system has taken is then all there is to know, until there is an answer after all. */
  private neverAnswers = false;
  private patience: Disposable | undefined;

  /** `onDidOpen` is called when more may be sent. */
  constructor(socket: ServerSocket, scheduler: Scheduler, onDidOpen: () => void) {
    this.socket = socket;
    this.scheduler = scheduler;
    this.onDidOpen = onDidOpen;
    this.neverAnswers = socket.ping === undefined;
  }

  /** Whether the next piece may be sent. */
  get isOpen(): boolean {
    return this.neverAnswers || this.window === undefined || this.window.isOpen;
  }

  /** The size of the next piece at most. */
  get pieceBytes(): number {
    if (this.neverAnswers || !this.window) return PROTOCOL_LIMITS.maxChunkPayloadBytes;
    return this.window.pieceBytes;
  }

  /** Call it before each piece. */
  begin(): void {
    if (this.window && !this.window.isStale(performance.now())) return;
    this.window = new LinkWindow();
    // Before anything, so that its answer tells how long the way is.
    this.probe(this.window);
  }

  /** A piece was sent. `isLast`: nothing follows it now. */
  noteSent(bytes: number, isLast: boolean): void {
    this.window?.noteSent(bytes);
    if (this.window?.isProbeDue(isLast)) this.probe(this.window);
  }

  /** The client has answered a probe. */
  noteAnswer(marker: number): void {
    const { window } = this;
    if (!window?.noteAnswer(marker, performance.now())) return;
    this.hasAnswered = true;
    this.neverAnswers = false;
    this.dispose();
    // An answer that came quickly may have made the window smaller than what is on the way.
    if (window.isUnasked) this.probe(window);
    else if (window.isAsked) this.awaitAnswer();
    this.onDidOpen();
  }

  private probe(window: LinkWindow): void {
    if (!this.socket.ping || (this.neverAnswers && window.asked >= MAX_UNANSWERED)) return;
    window.noteProbe(++this.lastMarker, performance.now());
    this.socket.ping(this.lastMarker);
    if (!this.neverAnswers) this.awaitAnswer();
  }

  private awaitAnswer(): void {
    const giveUp = () => {
      this.patience = undefined;
      this.neverAnswers = true;
      this.onDidOpen();
    };
    this.patience ??= this.scheduler.schedule(giveUp, this.hasAnswered ? NO_FURTHER_ANSWER_MS : NO_ANSWER_MS);
  }

  dispose(): void {
    this.patience?.dispose();
    this.patience = undefined;
  }
}
