import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';

const MAX_PARTS = 32;
/** Whoever fetches a part in pieces asks for the next one by then, also on a slow line. */
const KEPT_MS = 30_000;

/** Parts that were read of late: one that is fetched in many pieces is read from its store once. */
export class RecentParts implements Disposable {
  private readonly scheduler: Scheduler;
  /** The longest unused first. */
  private readonly reads = new Map<string, { readonly bytes: Promise<Uint8Array>; usedAtMs: number }>();
  private readonly timer = new MutableDisposable<Disposable>();

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /** What `read` gives for `name`, or gave of late. Rejects with what it rejects with. */
  async read(name: string, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.reads.get(name) ?? { bytes: read(), usedAtMs: 0 };
    known.usedAtMs = this.scheduler.elapsedMs();
    this.reads.delete(name);
    this.reads.set(name, known);
    const [longestUnused] = this.reads.keys();
    if (this.reads.size > MAX_PARTS && longestUnused !== undefined) this.reads.delete(longestUnused);
    this.forgetLater();
    try {
      return await known.bytes;
    } catch (error) {
      if (this.reads.get(name) === known) this.reads.delete(name);
      throw error;
    }
  }

  dispose(): void {
    this.timer.dispose();
    this.reads.clear();
  }

  private forgetLater(): void {
    if (this.reads.size === 0) return;
    this.timer.value ??= this.scheduler.schedule(() => {
      this.timer.value = undefined;
      const untilMs = this.scheduler.elapsedMs() - KEPT_MS;
      for (const [name, { usedAtMs }] of this.reads) if (usedAtMs <= untilMs) this.reads.delete(name);
      this.forgetLater();
    }, KEPT_MS);
  }
}
