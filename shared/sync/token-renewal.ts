import { type Disposable, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import type { TokenSource } from './token-source.ts';

const RENEW_AT = 0.75;
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000;
const RETRY_MS = 10_000;

export interface TokenRenewalOptions {
  readonly tokenSource: TokenSource;
  readonly scheduler: Scheduler;
  /** Hands a fresh token to the relay (SPEC VH5). */
  readonly send: (token: string) => void;
}

/** Replaces one connection's token before it expires. When that fails, the relay closes the connection at its end. */
export class TokenRenewal implements Disposable {
  private readonly options: TokenRenewalOptions;
  private readonly timer = new MutableDisposable<Disposable>();
  private isDisposed = false;
  /** The renewal that counts: what comes of earlier ones is out of date. */
  private latest = 0;
  /** In `Scheduler.elapsedMs`. */
  private expiresAtMs = 0;

  constructor(options: TokenRenewalOptions) {
    this.options = options;
  }

  /** The relay took a token that lasts for `lifetimeMs` from now. */
  granted(lifetimeMs: number): void {
    this.expiresAtMs = this.options.scheduler.elapsedMs() + lifetimeMs;
    this.wait(lifetimeMs * RENEW_AT);
  }

  private wait(delayMs: number): void {
    const boundedMs = Math.min(Math.max(1, delayMs), LONGEST_WAIT_MS);
    this.timer.value = this.options.scheduler.schedule(() => {
      if (boundedMs < delayMs) this.wait(delayMs - boundedMs);
      else void this.renew();
    }, boundedMs);
  }

  /** Does not wait for the end of the token: a fresh one says something else, also than one that was asked for before. */
  renewNow(): void {
    this.timer.value = undefined;
    void this.renew();
  }

  private async renew(): Promise<void> {
    const { tokenSource, scheduler, send } = this.options;
    const renewal = ++this.latest;
    const result = await tokenSource.obtain({ isFresh: true });
    if (this.isDisposed || renewal !== this.latest) return;
    if (result.kind === 'granted') send(result.granted.token);
    else if (scheduler.elapsedMs() < this.expiresAtMs) this.wait(RETRY_MS);
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
  }
}
