import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { Subscription } from './subscription.ts';

export const SEEN_TICK_MS = 50;

interface SeenEntry {
  readonly presenceId: number;
  readonly seq: number;
}

const MAX_ENTRIES = 10_000;

/** Passes on how far the participants of one document have stored it, at most once per tick (SPEC PR5). */
export class SeenTicker implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly subscriptions: () => Iterable<Subscription>;
  private readonly timer = new MutableDisposable<Disposable>();
  private readonly changed = new Set<Subscription>();
  private readonly changedRemote = new Set<number>();
  /** By presence id, of people on other nodes. */
  private readonly remote = new Map<number, number>();
  private readonly publish: (entries: readonly SeenEntry[]) => void;

  /** `publish` tells the other nodes. */
  constructor(
    scheduler: Scheduler,
    subscriptions: () => Iterable<Subscription>,
    publish: (entries: readonly SeenEntry[]) => void,
  ) {
    this.scheduler = scheduler;
    this.subscriptions = subscriptions;
    this.publish = publish;
  }

  note(subscription: Subscription, seq: number): void {
    if (seq <= subscription.appliedSeq) return;
    subscription.appliedSeq = seq;
    this.changed.add(subscription);
    this.armTimer();
  }

  /** Another node says how far its people are. */
  noteRemote(entries: readonly SeenEntry[]): void {
    for (const { presenceId, seq } of entries) {
      if (seq <= (this.remote.get(presenceId) ?? 0)) continue;
      // The newest last, so that the oldest are forgotten first.
      this.remote.delete(presenceId);
      this.remote.set(presenceId, seq);
      this.changedRemote.add(presenceId);
      this.armTimer();
    }
    for (const presenceId of this.remote.keys()) {
      if (this.remote.size <= MAX_ENTRIES) break;
      this.remote.delete(presenceId);
    }
  }

  /** The numbers mean something else now. */
  reset(): void {
    this.changed.clear();
    this.changedRemote.clear();
    this.remote.clear();
  }

  private armTimer(): void {
    this.timer.value ??= this.scheduler.schedule(() => this.tick(), SEEN_TICK_MS);
  }

  /** Tells a new subscriber how far the others are. */
  introduce(subscription: Subscription): void {
    const here = [...this.subscriptions()].filter((other) => other !== subscription && other.appliedSeq > 0);
    this.send(subscription, [...here.map(toEntry), ...this.remoteEntries(this.remote.keys())]);
  }

  forget(subscription: Subscription): void {
    this.changed.delete(subscription);
  }

  private tick(): void {
    this.timer.value = undefined;
    const changed = [...this.changed];
    const remote = this.remoteEntries(this.changedRemote);
    this.changed.clear();
    this.changedRemote.clear();
    for (const subscription of this.subscriptions()) {
      const others = changed.filter((other) => other !== subscription);
      this.send(subscription, [...others.map(toEntry), ...remote]);
    }
    if (changed.length > 0) this.publish(changed.map(toEntry));
  }

  private remoteEntries(presenceIds: Iterable<number>): SeenEntry[] {
    return [...presenceIds].map((presenceId) => ({ presenceId, seq: this.remote.get(presenceId) ?? 0 }));
  }

  private send(to: Subscription, entries: readonly SeenEntry[]): void {
    if (to.state !== 'open' || entries.length === 0 || to.participant.outlet.isLagging) return;
    const message = { type: 'seen', handle: to.handle, entries: entries.slice(0, MAX_ENTRIES) } as const;
    to.participant.outlet.send(message, 'presence');
  }

  dispose(): void {
    this.timer.dispose();
    this.reset();
  }
}

function toEntry({ participant, appliedSeq }: Subscription): SeenEntry {
  return { presenceId: participant.presenceId, seq: appliedSeq };
}
