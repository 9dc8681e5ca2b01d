import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { Subscription } from './subscription.ts';

const TICK_MS = 50;
/** In a room of so many people a tick is twice as long, and so on: what is sent grows with the square of the people. */
const PEOPLE_PER_TICK = 8;
const MAX_TICK_MS = 1_000;

interface SeenEntry {
  readonly presenceId: number;
  readonly seq: number;
}

const MAX_ENTRIES = 10_000;

/** Passes on how far the participants of one document have stored it, at most once per tick (SPEC PR5). */
export class SeenTicker implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly subscriptions: () => ReadonlySet<Subscription>;
  private readonly timer = new MutableDisposable<Disposable>();
  private readonly changed = new Set<Subscription>();
  /** How far people on other nodes are, by presence id. Undefined until one of them is heard of. */
  private remote: { readonly seqs: Map<number, number>; readonly changed: Set<number> } | undefined;
  private readonly publish: (entries: readonly SeenEntry[]) => void;

  /** `publish` tells the other nodes. */
  constructor(
    scheduler: Scheduler,
    subscriptions: () => ReadonlySet<Subscription>,
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
    this.remote ??= { seqs: new Map(), changed: new Set() };
    const { seqs, changed } = this.remote;
    for (const { presenceId, seq } of entries) {
      if (seq <= (seqs.get(presenceId) ?? 0)) continue;
      // The newest last, so that the oldest are forgotten first.
      seqs.delete(presenceId);
      seqs.set(presenceId, seq);
      changed.add(presenceId);
      this.armTimer();
    }
    for (const presenceId of seqs.keys()) {
      if (seqs.size <= MAX_ENTRIES) break;
      seqs.delete(presenceId);
    }
  }

  /** The numbers mean something else now. */
  reset(): void {
    this.changed.clear();
    this.remote = undefined;
  }

  private armTimer(): void {
    if (this.timer.value) return;
    const delayMs = TICK_MS * (1 + Math.floor(this.subscriptions().size / PEOPLE_PER_TICK));
    this.timer.value = this.scheduler.schedule(() => this.tick(), Math.min(delayMs, MAX_TICK_MS));
  }

  /** Tells a new subscriber how far the others are. */
  introduce(subscription: Subscription): void {
    const here = [...this.subscriptions()].filter((other) => other !== subscription && other.appliedSeq > 0);
    this.send(subscription, [...here.map(toEntry), ...this.remoteEntries(this.remote?.seqs.keys() ?? [])]);
  }

  forget(subscription: Subscription): void {
    this.changed.delete(subscription);
  }

  private tick(): void {
    this.timer.value = undefined;
    const changed = [...this.changed];
    const remote = this.remoteEntries(this.remote?.changed ?? []);
    this.changed.clear();
    this.remote?.changed.clear();
    for (const subscription of this.subscriptions()) {
      const others = changed.filter((other) => other !== subscription);
      this.send(subscription, [...others.map(toEntry), ...remote]);
    }
    if (changed.length > 0) this.publish(changed.map(toEntry));
  }

  private remoteEntries(presenceIds: Iterable<number>): SeenEntry[] {
    return [...presenceIds].map((presenceId) => ({ presenceId, seq: this.remote?.seqs.get(presenceId) ?? 0 }));
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
