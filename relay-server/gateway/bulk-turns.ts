/** So many bytes of large messages leave in one turn of the event loop, to all clients together. */
const TURN_BYTES = 128 * 1024;
/** While small messages come and go, so long a pause lets others of the machine have the processor, too. */
const PAUSE_MS = 1;
/** After so many turns without one, nobody is kept waiting. */
const QUIET_TURNS = 64;

/** Somebody who has large messages to send. */
export interface BulkSender {
  /** Sends the next piece and gives its size; 0 when there is none, or it cannot be sent now. */
  sendBulkPiece(): number;
}

/**
 * Shares each turn of the event loop among all who send large messages, so that nothing small waits for long, neither
 * here nor with the clients, which may share the processors.
 */
export class BulkTurns {
  private readonly waiting = new Set<BulkSender>();
  private leftBytes = TURN_BYTES;
  private isServing = false;
  private quietTurns = QUIET_TURNS;

  /** Lets `sender` send until it gives 0: now, as far as this turn has room, and in the next ones. */
  request(sender: BulkSender): void {
    this.waiting.add(sender);
    this.serve();
  }

  /** Somebody has a turn to come: whoever moves a relay by hand, as tests do, lets that happen before looking. */
  get isBusy(): boolean {
    return this.waiting.size > 0;
  }

  /** Something small was sent to somebody. */
  noteLive(): void {
    this.quietTurns = 0;
  }

  /** `sender` has nothing to send any more. */
  forget(sender: BulkSender): void {
    this.waiting.delete(sender);
  }

  private serve(): void {
    if (this.isServing) return;
    this.isServing = true;
    const hadWholeTurn = this.leftBytes === TURN_BYTES;
    try {
      // Whoever is added again comes last.
      for (const sender of this.waiting) {
        if (this.leftBytes <= 0) break;
        this.waiting.delete(sender);
        const sentBytes = sender.sendBulkPiece();
        this.leftBytes -= sentBytes;
        if (sentBytes > 0) this.waiting.add(sender);
      }
    } finally {
      this.isServing = false;
      if (hadWholeTurn && this.leftBytes < TURN_BYTES) this.scheduleTurn();
    }
  }

  private scheduleTurn(): void {
    if (this.quietTurns >= QUIET_TURNS) setImmediate(() => this.beginTurn());
    else setTimeout(() => this.beginTurn(), PAUSE_MS);
  }

  private beginTurn(): void {
    this.quietTurns++;
    this.leftBytes = TURN_BYTES;
    this.serve();
  }
}

/** Of the process. */
export const bulkTurns = new BulkTurns();
