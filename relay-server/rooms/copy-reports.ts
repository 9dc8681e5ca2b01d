import type { Disposable, Scheduler } from '../../shared/lifecycle/index.ts';
import type { DocumentDigest } from '../../shared/protocol/index.ts';
import type { BackplaneMessage, PublishToPeers } from '../backplane/backplane.ts';
import type { DocumentKey } from '../log/update-log.ts';
import { DigestTicker } from './digest-ticker.ts';
import { SeenTicker } from './seen-ticker.ts';
import type { Subscription } from './subscription.ts';

export interface CopyReportsOptions {
  readonly document: { readonly key: DocumentKey; readonly epoch: string; readonly headSeq: number };
  readonly scheduler: Scheduler;
  readonly subscriptions: () => ReadonlySet<Subscription>;
  readonly publish: PublishToPeers;
}

/** What participants say about their copies of one document: how far they have stored it, and what it is there. */
export class CopyReports implements Disposable {
  private readonly options: CopyReportsOptions;
  private readonly seen: SeenTicker;
  private readonly digests: DigestTicker;

  constructor(options: CopyReportsOptions) {
    this.options = options;
    const { document, scheduler, subscriptions, publish } = options;
    const where = () => ({ document: document.key.document, epoch: document.epoch });
    this.seen = new SeenTicker(scheduler, subscriptions, (entries) =>
      publish(() => ({ kind: 'seen', ...where(), entries })),
    );
    this.digests = new DigestTicker(scheduler, subscriptions, (entries) =>
      publish(() => ({ kind: 'digests', ...where(), entries })),
    );
  }

  /** Tells the others how far a participant has stored the document (SPEC PR5). */
  noteApplied(subscription: Subscription, seq: number): void {
    this.seen.note(subscription, Math.min(seq, this.options.document.headSeq));
  }

  /** Tells the others what a participant's copy is (SPEC DG3). Nobody has more than there is. */
  noteDigest(subscription: Subscription, digest: DocumentDigest): void {
    const isPossible = subscription.state === 'open' && digest.seq <= this.options.document.headSeq;
    if (isPossible) this.digests.note(subscription, digest);
  }

  /** Takes what another node says. */
  receive(message: Extract<BackplaneMessage, { kind: 'seen' | 'digests' }>): void {
    if (message.epoch !== this.options.document.epoch) return;
    if (message.kind === 'seen') this.seen.noteRemote(message.entries);
    else this.digests.noteRemote(message.entries);
  }

  /** Tells a new subscriber about the others. */
  introduce(subscription: Subscription): void {
    this.seen.introduce(subscription);
    this.digests.introduce(subscription);
  }

  /** The subscriber could not be told for a while. */
  caughtUp(subscription: Subscription): void {
    this.digests.introduce(subscription);
  }

  /** Other nodes may not have heard what was said. */
  announce(): void {
    this.digests.announce();
  }

  forget(subscription: Subscription): void {
    this.seen.forget(subscription);
    this.digests.forget(subscription);
  }

  /** The numbers mean something else now. */
  reset(): void {
    this.seen.reset();
    this.digests.reset();
  }

  dispose(): void {
    this.seen.dispose();
    this.digests.dispose();
  }
}
