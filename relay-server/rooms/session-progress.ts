/**
 * What one document has taken of one session's updates. A session that lost its connection may send again what is
 * still on its way to the log; it must get its answer on the new connection (SPEC UP5).
 */
export class SessionProgress<W> {
  private lastClientSeq: number;
  private lastSeq: number;
  /** Who waits for the end of a pending update, by its clientSeq. Undefined until there was one: most only read. */
  private pending: Map<number, W[]> | undefined;

  constructor(committed: { readonly clientSeq: number; readonly seq: number } | undefined) {
    this.lastClientSeq = committed?.clientSeq ?? 0;
    this.lastSeq = committed?.seq ?? 0;
  }

  /** Number of the last durable update, to be acked again, when `clientSeq` was taken before; else undefined. */
  committedSeqOf(clientSeq: number): number | undefined {
    return clientSeq <= this.lastClientSeq ? this.lastSeq : undefined;
  }

  get committedClientSeq(): number {
    return this.lastClientSeq;
  }

  get hasPending(): boolean {
    return this.pending !== undefined && this.pending.size > 0;
  }

  /** The log has lost what it had taken. */
  forgetCommitted(): void {
    this.lastClientSeq = 0;
    this.lastSeq = 0;
  }

  /** Lets `waiter` share the end of the same update when that one is pending. */
  joinPending(clientSeq: number, waiter: W): boolean {
    const waiters = this.pending?.get(clientSeq);
    waiters?.push(waiter);
    return waiters !== undefined;
  }

  begin(clientSeq: number, waiter: W): void {
    this.pending ??= new Map();
    this.pending.set(clientSeq, [waiter]);
  }

  /** Ends a pending update; `seq` when it was committed. Returns who waited. */
  end(clientSeq: number, seq: number | undefined): readonly W[] {
    const waiters = this.pending?.get(clientSeq) ?? [];
    this.pending?.delete(clientSeq);
    if (seq !== undefined && clientSeq > this.lastClientSeq) {
      this.lastClientSeq = clientSeq;
      this.lastSeq = seq;
    }
    return waiters;
  }
}
