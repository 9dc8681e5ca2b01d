import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import type { DocumentKey, SnapshotPointer, UpdateLog } from './update-log.ts';

interface OutdatedServices {
  readonly log: UpdateLog;
  readonly snapshots: SnapshotStore;
  readonly scheduler: Scheduler;
  /** Whether objects may be removed now; when left out, they always may. */
  readonly mayRemove?: () => boolean;
  readonly reportProblem: (error: unknown) => void;
}

/** The document pointed to a snapshot of this seq at this time: what is older was of no use from then on. */
interface Sighting {
  readonly seq: number;
  readonly atMs: number;
}

interface Watched {
  readonly key: DocumentKey;
  /** Rising in both; at least one. */
  readonly sightings: Sighting[];
  /** Not looked at before, after a failure, or while nothing may be removed. */
  retryAtMs: number;
}

/**
 * Removes snapshots that a newer one has replaced, a while after that: somebody may have read the pointer just before.
 * What is outdated it finds in the store, with what earlier runs and other processes have left. A pointer only ever
 * moves to a higher seq, so nothing can come to point to what lies below it.
 */
export class OutdatedSnapshots implements Disposable {
  private readonly services: OutdatedServices;
  private readonly graceMs: number;
  private readonly watched = new Map<string, Watched>();
  private readonly timer = new MutableDisposable<Disposable>();
  private running: Promise<void> = Promise.resolve();
  private isDisposed = false;

  constructor(services: OutdatedServices, graceMs: number) {
    this.services = services;
    this.graceMs = graceMs;
  }

  /** The document has just been made to point to `pointer`, from `replaced`. */
  noteMoved(key: DocumentKey, pointer: SnapshotPointer, replaced: SnapshotPointer | undefined): void {
    if (this.isDisposed || !replaced) return;
    const watched = this.watch(key);
    const atMs = this.services.scheduler.now();
    const last = watched.sightings.at(-1);
    // One sweep for many snapshots that follow each other closely; the last one is seen again by the sweep.
    if (!last || last.atMs + this.graceMs / 8 <= atMs) watched.sightings.push({ seq: pointer.seq, atMs });
    this.sweepNext(watched, replaced);
    this.arm();
  }

  /** Resolves when nothing is being removed. */
  async settled(): Promise<void> {
    await this.running;
  }

  private watch(key: DocumentKey): Watched {
    const name = nameOf(key);
    const watched = this.watched.get(name) ?? { key, sightings: [], retryAtMs: 0 };
    this.watched.set(name, watched);
    return watched;
  }

  private arm(): void {
    if (this.timer.value || this.watched.size === 0 || this.isDisposed) return;
    const { scheduler } = this.services;
    const dueMs = [...this.watched.values()].map(({ sightings, retryAtMs }) =>
      Math.max(retryAtMs, (sightings[0]?.atMs ?? 0) + this.graceMs),
    );
    const delayMs = Math.max(0, Math.min(...dueMs) - scheduler.now());
    this.timer.value = scheduler.schedule(() => {
      this.timer.value = undefined;
      for (const watched of this.watched.values()) this.sweepNext(watched, undefined);
      this.running = this.running.then(() => this.arm());
    }, delayMs);
  }

  private sweepNext(watched: Watched, replaced: SnapshotPointer | undefined): void {
    this.running = this.running.then(async () => {
      if (this.isDisposed) return;
      if (this.services.mayRemove?.() === false) return this.postpone(watched);
      try {
        await this.sweep(watched, replaced);
      } catch (error) {
        if (this.isDisposed) return;
        watched.retryAtMs = this.services.scheduler.now() + this.graceMs;
        this.services.reportProblem(error);
      }
    });
  }

  private postpone(watched: Watched): void {
    const nowMs = this.services.scheduler.now();
    watched.retryAtMs = nowMs + this.graceMs;
    // Only the last of those that are old enough counts.
    const ripe = watched.sightings.filter(({ atMs }) => atMs <= nowMs - this.graceMs);
    watched.sightings.splice(0, ripe.length - 1);
  }

  private async sweep({ key, sightings }: Watched, replaced: SnapshotPointer | undefined): Promise<void> {
    const { log, snapshots, scheduler } = this.services;
    const ripeMs = scheduler.now() - this.graceMs;
    const ripe = sightings.filter(({ atMs }) => atMs <= ripeMs);
    if (ripe.length === 0 && !replaced) return;
    const stored = await snapshots.list(key);
    const pointer = (await log.readDocument(key))?.snapshot;
    let keptSeq = ripe.at(-1)?.seq ?? 0;
    // One that was pointed to until now, and has been there for so long, made older ones useless as long ago.
    const before = stored.find(({ snapshotId }) => snapshotId === replaced?.snapshotId);
    if (before && before.storedAtMs <= ripeMs) keptSeq = Math.max(keptSeq, before.seq);
    const older = stored.filter(({ seq }) => pointer && seq < pointer.seq);
    const outdated = older.filter(({ seq }) => seq < keptSeq);
    for (const { snapshotId } of outdated) {
      if (this.isDisposed) return;
      await snapshots.remove(key, snapshotId);
    }
    sightings.splice(0, ripe.length);
    if (sightings.length > 0) return;
    if (pointer && outdated.length < older.length) sightings.push({ seq: pointer.seq, atMs: scheduler.now() });
    else this.watched.delete(nameOf(key));
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer.dispose();
    this.watched.clear();
  }
}

function nameOf({ tenant, room, document }: DocumentKey): string {
  return JSON.stringify([tenant, room, document]);
}
