import type { ResyncOutcome } from '../resync.ts';
import type { AgreementEngineMessage, AgreementWindowMessage } from './agreement-messages.ts';

type Request = Extract<AgreementWindowMessage, { type: 'resync' }>;

const LOST: ResyncOutcome = {
  kind: 'failed',
  explanation: 'This window lost the rest of Tutti. Try again when it is back.',
};

/** What a window has asked the engine to resync, until it is answered. */
export class AttachedResyncs {
  private readonly waiting = new Map<number, (outcome: ResyncOutcome) => void>();
  private lastId = 0;

  /** `post` reaches the engine; undefined when there is none. */
  ask(
    { document, isUnkept }: Pick<Request, 'document' | 'isUnkept'>,
    post: ((message: Request) => void) | undefined,
  ): Promise<ResyncOutcome> {
    if (!post) return Promise.resolve(LOST);
    const requestId = ++this.lastId;
    return new Promise((resolve) => {
      this.waiting.set(requestId, resolve);
      post({ type: 'resync', document, requestId, isUnkept });
    });
  }

  receive({ requestId, outcome }: Extract<AgreementEngineMessage, { type: 'resynced' }>): void {
    this.waiting.get(requestId)?.(outcome);
    this.waiting.delete(requestId);
  }

  /** The engine is gone. */
  detach(): void {
    for (const resolve of this.waiting.values()) resolve(LOST);
    this.waiting.clear();
  }
}
