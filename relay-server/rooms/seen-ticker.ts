import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { Subscription } from './subscription.ts';

export const SEEN_TICK_MS = 50;

/** Passes on how far the participants of one document have stored it, at most once per tick (SPEC PR5). */
export class SeenTicker implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly subscriptions: () => Iterable<Subscription>;
  private readonly timer = new MutableDisposable<Disposable>();
  private readonly changed = new Set<Subscription>();

  constructor(scheduler: Scheduler, subscriptions: () => Iterable<Subscription>) {
    this.scheduler = scheduler;
    this.subscriptions = subscriptions;
  }

  note(subscription: Subscription, seq: number): void {
    if (seq <= subscription.appliedSeq) return;
    subscription.appliedSeq = seq;
    this.changed.add(subscription);
    this.timer.value ??= this.scheduler.schedule(() => this.tick(), SEEN_TICK_MS);
  }

  /** Tells a new subscriber how far the others are. */
  introduce(subscription: Subscription): void {
    this.send(
      subscription,
      [...this.subscriptions()].filter(({ appliedSeq }) => appliedSeq > 0),
    );
  }

  forget(subscription: Subscription): void {
    this.changed.delete(subscription);
  }

  private tick(): void {
    this.timer.value = undefined;
    const changed = [...this.changed];
    this.changed.clear();
    for (const subscription of this.subscriptions()) this.send(subscription, changed);
  }

  private send(to: Subscription, about: readonly Subscription[]): void {
    const entries = about
      .filter((other) => other !== to)
      .slice(0, 10_000)
      .map(({ participant, appliedSeq }) => ({ presenceId: participant.presenceId, seq: appliedSeq }));
    if (to.state !== 'open' || entries.length === 0 || to.participant.outlet.isLagging) return;
    to.participant.outlet.send({ type: 'seen', handle: to.handle, entries }, 'presence');
  }

  dispose(): void {
    this.timer.dispose();
    this.changed.clear();
  }
}
