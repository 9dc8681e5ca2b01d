import type { NewUpdate } from '../log/update-log.ts';

export interface PendingUpdate extends NewUpdate {
  /** Tells the document's pending updates apart. */
  readonly pendingId: number;
  /** All of the session's numbers that it stands for, rising; the last is `clientSeq`. */
  readonly clientSeqs: readonly number[];
}

interface WaitingUpdate {
  readonly update: PendingUpdate;
  readonly sinceMs: number;
}

interface SettledWaiter {
  /** It waits for so many updates, counted from the first ever. */
  readonly count: number;
  resolve(): void;
}

/** What one document has on the way to the log, in order. At most one part of it is being written at a time. */
export class Outbox {
  private waiting: WaitingUpdate[] = [];
  private writing: WaitingUpdate[] = [];
  private waiters: SettledWaiter[] = [];
  private added = 0;
  private ended = 0;
  private bytes = 0;
  private alone = false;

  /** Of all that was not ended. */
  get byteLength(): number {
    return this.bytes;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.writing.length === 0;
  }

  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** Something waits, and nothing is being written. */
  get isReady(): boolean {
    return this.isWaiting && this.writing.length === 0;
  }

  /** An append failed, perhaps because of this document: it goes without others until one of its has succeeded. */
  get isAlone(): boolean {
    return this.alone;
  }

  add(update: PendingUpdate, nowMs: number): void {
    this.waiting.push({ update, sinceMs: nowMs });
    this.added++;
    this.bytes += update.payload.byteLength;
  }

  /** Takes updates for writing, up to the one that reaches `maxBytes`. */
  take(maxBytes: number): PendingUpdate[] {
    let byteLength = 0;
    let count = 0;
    for (const { update } of this.waiting) {
      count++;
      byteLength += update.payload.byteLength;
      if (byteLength >= maxBytes) break;
    }
    this.writing = this.waiting.splice(0, count);
    return this.writing.map(({ update }) => update);
  }

  /** What was being written waits again, before what came meanwhile. */
  putBack(): void {
    this.waiting = [...this.writing, ...this.waiting];
    this.writing = [];
    this.alone = true;
  }

  noteSuccess(): void {
    this.alone = false;
  }

  /** Takes those that have waited since before `limitMs`; none while older ones are being written. */
  takeExpired(limitMs: number): PendingUpdate[] {
    if (this.writing.length > 0) return [];
    const firstFresh = this.waiting.findIndex(({ sinceMs }) => sinceMs > limitMs);
    return this.waiting.splice(0, firstFresh < 0 ? this.waiting.length : firstFresh).map(({ update }) => update);
  }

  /** These, which were taken before, are stored or given up. */
  end(updates: readonly PendingUpdate[]): void {
    this.writing = [];
    this.ended += updates.length;
    for (const { payload } of updates) this.bytes -= payload.byteLength;
  }

  /** Resolves when everything that was added so far has been ended and told. */
  settled(): Promise<void> {
    if (this.added === this.ended) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ count: this.added, resolve }));
  }

  /** Tells those who wait for what has ended. */
  resolveSettled(): void {
    const isDone = ({ count }: SettledWaiter) => count <= this.ended;
    const done = this.waiters.filter(isDone);
    this.waiters = this.waiters.filter((waiter) => !isDone(waiter));
    for (const { resolve } of done) resolve();
  }
}
