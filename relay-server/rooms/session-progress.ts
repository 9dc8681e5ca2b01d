/** Somebody who waits for the end of a pending update. */
export interface PendingWaiter<W> {
  readonly pendingId: number;
  readonly clientSeq: number;
  readonly waiters: W[];
}

/**
 * What one document has taken of one session's updates. A session that lost its connection may send again what is
 * still on its way to the log; it must get its answer on the new connection (SPEC UP5).
 */
export class SessionProgress<W> {
  private committed: { clientSeq: number; seq: number };
  private readonly pending = new Map<number, PendingWaiter<W>>();

  constructor(committed: { readonly clientSeq: number; readonly seq: number } | undefined) {
    this.committed = committed ?? { clientSeq: 0, seq: 0 };
  }

  /** Number of the last durable update, to be acked again, when `clientSeq` was taken before; else undefined. */
  committedSeqOf(clientSeq: number): number | undefined {
    return clientSeq <= this.committed.clientSeq ? this.committed.seq : undefined;
  }

  get committedClientSeq(): number {
    return this.committed.clientSeq;
  }

  get hasPending(): boolean {
    return this.pending.size > 0;
  }

  /** The log has lost what it had taken. */
  forgetCommitted(): void {
    this.committed = { clientSeq: 0, seq: 0 };
  }

  /** Lets `waiter` share the end of the same update when that one is pending. */
  joinPending(clientSeq: number, waiter: W): boolean {
    const pending = this.pending.get(clientSeq);
    pending?.waiters.push(waiter);
    return pending !== undefined;
  }

  begin(clientSeq: number, pendingId: number, waiter: W): void {
    this.pending.set(clientSeq, { pendingId, clientSeq, waiters: [waiter] });
  }

  /** Ends a pending update; `seq` when it was committed. Returns who waited. */
  end(clientSeq: number, seq: number | undefined): readonly W[] {
    const waiters = this.pending.get(clientSeq)?.waiters ?? [];
    this.pending.delete(clientSeq);
    if (seq !== undefined && clientSeq > this.committed.clientSeq) this.committed = { clientSeq, seq };
    return waiters;
  }
}
