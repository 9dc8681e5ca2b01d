import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { DocumentDigest, RelayMessage } from '../../shared/protocol/index.ts';
import type { Subscription } from './subscription.ts';

/** What one person's copy is; undefined when that one does not have the document open any more. */
export type DigestEntry = Extract<RelayMessage, { type: 'digests' }>['entries'][number];

const TICK_MS = 50;
/** In a room of so many people a tick is twice as long, and so on: what is sent grows with the square of the people. */
const PEOPLE_PER_TICK = 8;
const MAX_TICK_MS = 1_000;
const MAX_ENTRIES = 10_000;

interface Said {
  readonly subscription: Subscription;
  readonly digest: DocumentDigest;
}

/** Passes on what the participants' copies of one document are, at most once per tick (SPEC DG3). */
export class DigestTicker implements Disposable {
  private readonly scheduler: Scheduler;
  private readonly subscriptions: () => ReadonlySet<Subscription>;
  private readonly publish: (entries: readonly DigestEntry[]) => void;
  private readonly timer = new MutableDisposable<Disposable>();
  /** By presence id, as all that follow. */
  private readonly here = new Map<number, Said>();
  /** Of people on other nodes. */
  private readonly remote = new Map<number, DocumentDigest>();
  private readonly changed = new Set<number>();
  /** What the other nodes do not know. */
  private readonly unpublished = new Set<number>();

  /** `publish` tells the other nodes. */
  constructor(
    scheduler: Scheduler,
    subscriptions: () => ReadonlySet<Subscription>,
    publish: (entries: readonly DigestEntry[]) => void,
  ) {
    this.scheduler = scheduler;
    this.subscriptions = subscriptions;
    this.publish = publish;
  }

  /** Takes what a participant says of its copy. */
  note(subscription: Subscription, { seq, state, text }: DocumentDigest): void {
    const { presenceId } = subscription.participant;
    // They are views into a frame.
    const digest = { seq, state: state.slice(), text: text.slice() };
    const before = this.here.get(presenceId)?.digest;
    this.here.set(presenceId, { subscription, digest });
    // Said again it goes to the other nodes alone, which may not have heard it.
    if (!before || !isSameDigest(before, digest)) this.changed.add(presenceId);
    this.unpublished.add(presenceId);
    this.armTimer();
  }

  /** Another node says what the copies of its people are. */
  noteRemote(entries: readonly DigestEntry[]): void {
    for (const { presenceId, digest } of entries) {
      const before = this.remote.get(presenceId);
      if (digest ? before && isSameDigest(before, digest) : !before) continue;
      // The newest last, so that the oldest are forgotten first.
      this.remote.delete(presenceId);
      if (digest)
        this.remote.set(presenceId, { seq: digest.seq, state: digest.state.slice(), text: digest.text.slice() });
      this.changed.add(presenceId);
      // A node that was not heard of before may not have heard what was said here.
      if (!before) this.announce();
      this.armTimer();
    }
    for (const presenceId of this.remote.keys()) {
      if (this.remote.size <= MAX_ENTRIES) break;
      this.remote.delete(presenceId);
    }
  }

  /** Tells the other nodes everything once more. */
  announce(): void {
    for (const presenceId of this.here.keys()) this.unpublished.add(presenceId);
    if (this.unpublished.size > 0) this.armTimer();
  }

  /** Tells a subscriber what the copies of the others are. */
  introduce(subscription: Subscription): void {
    this.send(subscription, this.entriesOf([...this.here.keys(), ...this.remote.keys()]));
  }

  /** The document is not open there any more. */
  forget(subscription: Subscription): void {
    const { presenceId } = subscription.participant;
    if (this.here.get(presenceId)?.subscription !== subscription) return;
    this.here.delete(presenceId);
    this.changed.add(presenceId);
    this.unpublished.add(presenceId);
    this.armTimer();
  }

  /** The numbers mean something else now. */
  reset(): void {
    this.timer.value = undefined;
    for (const byPresence of [this.here, this.remote, this.changed, this.unpublished]) byPresence.clear();
  }

  private armTimer(): void {
    if (this.timer.value) return;
    const delayMs = TICK_MS * (1 + Math.floor(this.subscriptions().size / PEOPLE_PER_TICK));
    this.timer.value = this.scheduler.schedule(() => this.tick(), Math.min(delayMs, MAX_TICK_MS));
  }

  private tick(): void {
    this.timer.value = undefined;
    const entries = this.entriesOf(this.changed);
    const unpublished = this.entriesOf(this.unpublished);
    this.changed.clear();
    this.unpublished.clear();
    for (const subscription of this.subscriptions()) this.send(subscription, entries);
    if (unpublished.length > 0) this.publish(unpublished);
  }

  private entriesOf(presenceIds: Iterable<number>): DigestEntry[] {
    return [...presenceIds].map((presenceId) => ({
      presenceId,
      digest: this.here.get(presenceId)?.digest ?? this.remote.get(presenceId),
    }));
  }

  private send({ state, handle, participant }: Subscription, all: readonly DigestEntry[]): void {
    const { outlet, hearsDigests, presenceId } = participant;
    // Who lags is told everything when it has caught up.
    if (state !== 'open' || !hearsDigests || outlet.isLagging) return;
    const entries = all.filter((entry) => entry.presenceId !== presenceId).slice(0, MAX_ENTRIES);
    if (entries.length > 0) outlet.send({ type: 'digests', handle, entries }, 'presence');
  }

  dispose(): void {
    this.reset();
    this.timer.dispose();
  }
}

function isSameDigest(a: DocumentDigest, b: DocumentDigest): boolean {
  return a.seq === b.seq && isSameHash(a.state, b.state) && isSameHash(a.text, b.text);
}

function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}
