import { type Disposable, scheduleEvery, type Scheduler } from '../../shared/lifecycle/index.ts';

/** A socket of which something has come that is no whole message yet. */
export interface FrameSource {
  /** Bytes that came since its last whole message. */
  readonly unfinishedBytes: number;
  /** Ends the socket, as if it had been lost. */
  cutOff(): void;
}

const CHECK_INTERVAL_MS = 1_000;
/** A connection of 1 Mbit/s needs two minutes for so much; what is typed comes at once. */
const DEFAULT_MAX_BYTES = 192 * 1024 * 1024;

/**
 * Bounds the memory that messages take which are still coming in, of all sockets together: those that have sent most
 * without coming to an end are cut off first. Disposing ends the watch and leaves the sockets alone.
 */
export class UnfinishedFrames implements Disposable {
  private readonly sources = new Set<FrameSource>();
  private readonly maxBytes: number;
  private readonly timer: Disposable;

  constructor(scheduler: Scheduler, maxBytes = DEFAULT_MAX_BYTES) {
    this.maxBytes = maxBytes;
    this.timer = scheduleEvery(scheduler, () => this.check(), CHECK_INTERVAL_MS);
  }

  /** Watches a socket until {@link delete}. */
  add(source: FrameSource): void {
    this.sources.add(source);
  }

  delete(source: FrameSource): void {
    this.sources.delete(source);
  }

  private check(): void {
    let totalBytes = 0;
    for (const { unfinishedBytes } of this.sources) totalBytes += unfinishedBytes;
    if (totalBytes <= this.maxBytes) return;
    const largest = [...this.sources].toSorted((a, b) => b.unfinishedBytes - a.unfinishedBytes);
    for (const source of largest) {
      if (totalBytes <= this.maxBytes) return;
      totalBytes -= source.unfinishedBytes;
      source.cutOff();
    }
  }

  dispose(): void {
    this.timer.dispose();
    this.sources.clear();
  }
}
