import { type Disposable, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import { LinkWindow, PROTOCOL_LIMITS } from '../protocol/index.ts';

/** A relay that has answered no probe for so long is not waited for any more. */
const NO_ANSWER_MS = 60_000;
/** It may answer after all, and is asked so often; each question is remembered until then. */
const MAX_UNANSWERED = 4;

export interface OutgoingLineOptions {
  readonly scheduler: Scheduler;
  /** Sends the relay a `ping` behind what was sent, and gives its nonce. */
  readonly probe: () => number;
  /** Called when more may be sent. */
  readonly onDidOpen: () => void;
}

/** Keeps what is large from filling the line to the relay (SPEC CH5), so that what a person types does not wait behind it. */
export class OutgoingLine implements Disposable {
  private readonly options: OutgoingLineOptions;
  private readonly patience = new MutableDisposable<Disposable>();
  /** Once something was on the way. */
  private window: LinkWindow | undefined;
  private neverAnswers = false;

  constructor(options: OutgoingLineOptions) {
    this.options = options;
  }

  /** Whether the next piece may be sent. */
  get isOpen(): boolean {
    return this.neverAnswers || (this.window?.isOpen ?? true);
  }

  /** The size of the next piece at most. Call it before each piece. */
  begin(): number {
    if (!this.window || this.window.isStale(this.options.scheduler.elapsedMs())) {
      this.window = new LinkWindow();
      // Before anything, so that its answer tells how long the way is.
      this.ask(this.window);
    }
    return Math.min(PROTOCOL_LIMITS.maxChunkPayloadBytes, this.window.pieceBytes);
  }

  /** A piece was sent. `isLast`: nothing follows it now. */
  sent(byteLength: number, isLast: boolean): void {
    this.window?.noteSent(byteLength);
    if (this.window?.isProbeDue(isLast)) this.ask(this.window);
  }

  /** The relay has answered a `ping` with this nonce. */
  answered(nonce: number): void {
    const { window } = this;
    if (!window?.noteAnswer(nonce, this.options.scheduler.elapsedMs())) return;
    this.patience.value = undefined;
    this.neverAnswers = false;
    // An answer that came quickly may have made the window smaller than what is on the way.
    if (window.isUnasked) this.ask(window);
    else if (window.isAsked) this.awaitAnswer();
    this.options.onDidOpen();
  }

  dispose(): void {
    this.window = undefined;
    this.patience.dispose();
  }

  private ask(window: LinkWindow): void {
    if (this.neverAnswers && window.asked >= MAX_UNANSWERED) return;
    window.noteProbe(this.options.probe(), this.options.scheduler.elapsedMs());
    this.awaitAnswer();
  }

  private awaitAnswer(): void {
    if (this.neverAnswers) return;
    this.patience.value ??= this.options.scheduler.schedule(() => {
      this.patience.value = undefined;
      this.neverAnswers = true;
      this.options.onDidOpen();
    }, NO_ANSWER_MS);
  }
}
