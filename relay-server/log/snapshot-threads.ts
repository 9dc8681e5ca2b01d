import type { ResourceLimits } from 'node:worker_threads';
import { type Disposable, MutableDisposable, type Scheduler } from '../../shared/lifecycle/index.ts';
import { SnapshotThread } from './snapshot-thread.ts';

export interface SnapshotThreadsOptions {
  readonly scheduler: Scheduler;
  /** How long one snapshot may keep a thread busy. */
  readonly timeoutMs?: number;
  /** Bounds what one document can take from the process. */
  readonly resourceLimits?: ResourceLimits;
}

const TIMEOUT_MS = 120_000;
const RESOURCE_LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 64 };
/** A thread that waits for work costs memory, a new one the time to load Yjs. */
const KEPT_IDLE_MS = 10_000;

/** Threads for making snapshots, so that no keystroke waits for one: as many as there are snapshots under way. */
export class SnapshotThreads implements Disposable {
  private readonly options: Required<SnapshotThreadsOptions>;
  private readonly threads = new Set<SnapshotThread>();
  private readonly idle: SnapshotThread[] = [];
  private readonly idleTimer = new MutableDisposable<Disposable>();

  constructor(options: SnapshotThreadsOptions) {
    this.options = { timeoutMs: TIMEOUT_MS, resourceLimits: RESOURCE_LIMITS, ...options };
  }

  /** As {@link SnapshotThread.create}. */
  async create(pages: AsyncIterable<readonly Uint8Array[]>, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    this.idleTimer.value = undefined;
    const thread = this.idle.pop() ?? new SnapshotThread(this.options);
    this.threads.add(thread);
    try {
      return await thread.create(pages, signal);
    } finally {
      if (thread.isAlive && this.threads.has(thread)) this.idle.push(thread);
      else this.endThread(thread);
      this.idleTimer.value = this.options.scheduler.schedule(() => this.endIdle(), KEPT_IDLE_MS);
    }
  }

  private endIdle(): void {
    this.idleTimer.value = undefined;
    for (const thread of this.idle.splice(0)) this.endThread(thread);
  }

  private endThread(thread: SnapshotThread): void {
    this.threads.delete(thread);
    thread.dispose();
  }

  dispose(): void {
    this.idleTimer.dispose();
    this.idle.length = 0;
    for (const thread of this.threads) this.endThread(thread);
  }
}
