import type { Disposable, Scheduler } from '../../shared/lifecycle/index.ts';
import { PROTOCOL_LIMITS } from '../../shared/protocol/index.ts';
import type { ClientHas } from './read-committed.ts';
import { type BucketSize, TokenBucket } from './token-bucket.ts';

/** Documents are opened one after the other; after so long others get their turn. */
const TURN_MS = 5;
/** All documents of a large workspace at once, and a steady trickle after that. */
const OPENS: BucketSize = { capacity: PROTOCOL_LIMITS.maxOpenDocuments, refillPerSecond: 50 };
const RETRY_MS = 100;
/** Of state vectors; a workspace of the largest size has a few megabytes. */
const MAX_STATE_BYTES = 64 * 1024 * 1024;

/**
 * The documents that one client has asked for and that were not answered yet. They are answered one after the other, at
 * a limited rate. What is closed before its turn leaves nothing behind.
 */
export class OpeningQueue implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly answer: (handle: number, request: ClientHas) => Promise<void>;
  /** In the order in which they came. */
  private readonly waiting = new Map<number, ClientHas>();
  private readonly opens: TokenBucket;
  private stateBytes = 0;
  private isAnswering = false;
  private turnStartedMs = 0;
  private pause: { readonly timer: Disposable; end(): void } | undefined;
  private isDisposed = false;

  /** `answer` must not reject; the next one waits for it. */
  constructor(scheduler: Scheduler, answer: (handle: number, request: ClientHas) => Promise<void>) {
    this.scheduler = scheduler;
    this.answer = answer;
    this.opens = new TokenBucket(OPENS, scheduler);
  }

  /** Gives false, and does nothing, when more would wait than one client may let wait. Copies the state vector. */
  add(handle: number, request: ClientHas): boolean {
    const { byteLength } = request.stateVector;
    if (this.stateBytes + byteLength > MAX_STATE_BYTES) return false;
    this.stateBytes += byteLength;
    this.waiting.set(handle, { ...request, stateVector: request.stateVector.slice() });
    if (!this.isAnswering) void this.answerAll();
    return true;
  }

  /** It is not wanted any more. */
  delete(handle: number): void {
    this.take(handle);
  }

  private take(handle: number): ClientHas | undefined {
    const request = this.waiting.get(handle);
    if (!request) return undefined;
    this.waiting.delete(handle);
    this.stateBytes -= request.stateVector.byteLength;
    return request;
  }

  private async answerAll(): Promise<void> {
    this.isAnswering = true;
    this.turnStartedMs = this.scheduler.elapsedMs();
    while (this.waiting.size > 0) {
      await this.awaitTurn();
      const [handle] = this.waiting.keys();
      const request = handle === undefined ? undefined : this.take(handle);
      if (handle !== undefined && request) await this.answer(handle, request);
    }
    this.isAnswering = false;
  }

  private async awaitTurn(): Promise<void> {
    if (this.scheduler.elapsedMs() - this.turnStartedMs > TURN_MS) {
      await this.sleep(0);
      this.turnStartedMs = this.scheduler.elapsedMs();
    }
    while (this.waiting.size > 0 && !this.opens.take(1)) await this.sleep(RETRY_MS);
  }

  private async sleep(delayMs: number): Promise<void> {
    if (this.isDisposed) return;
    await new Promise<void>((end) => {
      this.pause = { timer: this.scheduler.schedule(end, delayMs), end };
    });
    this.pause = undefined;
  }

  dispose(): void {
    this.isDisposed = true;
    this.waiting.clear();
    this.stateBytes = 0;
    this.pause?.timer.dispose();
    this.pause?.end();
  }
}
