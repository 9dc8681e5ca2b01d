import { type Disposable, MutableDisposable, type Scheduler } from '../lifecycle/index.ts';
import type { JsonAnswer, PostJson } from './link-token-source.ts';

/** How often somebody who waits asks whether an owner has let them in. */
export const APPROVAL_POLL_MS = 2_000;
const WAITING_STATUS = 202;

/**
 * Lets a trade of a share link wait until an owner has decided, where the link asks for it. Until then the relay is
 * asked again and again, also when it is away for a while.
 */
export class ApprovalWait implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly onWaiting: (message: string) => void;
  private readonly pause = new MutableDisposable<Disposable>();
  private endPause: (() => void) | undefined;
  private isCancelled = false;

  /** `onWaiting` is told, with words for the person, when the wait begins. */
  constructor(scheduler: Scheduler, onWaiting: (message: string) => void) {
    this.scheduler = scheduler;
    this.onWaiting = onWaiting;
  }

  /** Posts as `post` does, but answers only when the relay has decided, or when the wait is cancelled. */
  wrap(post: PostJson): PostJson {
    return async (url, body, bearerToken) => {
      let answer = await post(url, body, bearerToken);
      let waitsWith: string | undefined;
      while (answer.status === WAITING_STATUS || (waitsWith !== undefined && isTransient(answer.status))) {
        const request = readText(answer.body, 'request') ?? waitsWith;
        if (request === undefined) return answer;
        if (waitsWith === undefined)
          this.onWaiting(readText(answer.body, 'explanation') ?? readText(answer.body, 'message') ?? '');
        waitsWith = request;
        await this.wait();
        if (this.isCancelled) return CANCELLED;
        answer = await post(url, { ...asRecord(body), request }, bearerToken).catch(() => UNREACHABLE);
        if (this.isCancelled) return CANCELLED;
      }
      return answer;
    };
  }

  /** The person does not want to wait: what is pending is answered with a refusal. */
  dispose(): void {
    this.isCancelled = true;
    this.pause.dispose();
    this.endPause?.();
  }

  private wait(): Promise<void> {
    if (this.isCancelled) return Promise.resolve();
    return new Promise((resolve) => {
      this.endPause = resolve;
      this.pause.value = this.scheduler.schedule(resolve, APPROVAL_POLL_MS);
    });
  }
}

const CANCELLED: JsonAnswer = { status: 403, body: { explanation: 'You do not wait any longer.' } };
const UNREACHABLE: JsonAnswer = { status: 503, body: undefined };

function isTransient(status: number): boolean {
  return status >= 500 || status === 429;
}

function asRecord(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

function readText(body: unknown, key: string): string | undefined {
  const value = asRecord(body)[key];
  return typeof value === 'string' ? value.slice(0, 1024) : undefined;
}
