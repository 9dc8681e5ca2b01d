import * as Y from 'yjs';

/** A run of an author's edits, by their Yjs clocks. */
export interface AuthorRange {
  readonly author: number;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

const MAX_CACHED_BYTES = 1_024;
const MAX_CACHED_UPDATES = 20_000;

/** When edits were sent and how long they took to arrive, as one process's clock has it. */
export interface LatencySamples {
  readonly sentAtMs: number[];
  readonly latencyMs: number[];
}

export function createLatencySamples(): LatencySamples {
  return { sentAtMs: [], latencyMs: [] };
}

/** Which edits of one author have come. Mostly they come in order. */
class SeenEdits {
  private next = 0;
  private readonly skipped = new Set<number>();

  /** Whether it is new. */
  add(clock: number): boolean {
    if (clock < this.next) return this.skipped.delete(clock);
    for (let missing = this.next; missing < clock; missing++) this.skipped.add(missing);
    this.next = clock + 1;
    return true;
  }
}

/** Counts which edits of which authors reached whom, and how long that took. */
export class DeliveryMeter {
  /** Pairs of an edit and somebody other than its author who has got it. */
  delivered = 0;
  private readonly sentAtMs = new Map<number, number[]>();
  private readonly ranges = new Map<string, readonly AuthorRange[]>();

  /** The author's next edit leaves now. Each edit is one character, so that its number is its Yjs clock. */
  noteSent(author: number): void {
    const times = this.sentAtMs.get(author);
    if (times) times.push(performance.now());
    else this.sentAtMs.set(author, [performance.now()]);
  }

  /**
   * Gives what takes one client's updates. The client's own edits do not count. `samples` may be others for each author.
   */
  createReceiver(
    self: number,
    samples: LatencySamples | ((author: number) => LatencySamples),
  ): (update: Uint8Array) => void {
    const samplesOf = typeof samples === 'function' ? samples : () => samples;
    const seen = new Map<number, SeenEdits>();
    return (update) => {
      for (const { author, start, end } of this.readRanges(update)) {
        const times = this.sentAtMs.get(author);
        if (author === self || !times) continue;
        const seenOfAuthor = seen.get(author) ?? new SeenEdits();
        seen.set(author, seenOfAuthor);
        const nowMs = performance.now();
        const { sentAtMs: sentTimes, latencyMs } = samplesOf(author);
        for (let clock = start; clock < end; clock++) {
          const sentAtMs = times[clock];
          if (sentAtMs === undefined || !seenOfAuthor.add(clock)) continue;
          this.delivered++;
          sentTimes.push(sentAtMs);
          latencyMs.push(nowMs - sentAtMs);
        }
      }
    };
  }

  /** Gives what takes how many of an author's edits the server has confirmed in all. */
  createAckListener(author: number, samples: LatencySamples): (count: number) => void {
    let acked = 0;
    return (count) => {
      const nowMs = performance.now();
      for (; acked < count; acked++) {
        const sentAtMs = this.sentAtMs.get(author)?.[acked];
        if (sentAtMs === undefined) continue;
        samples.sentAtMs.push(sentAtMs);
        samples.latencyMs.push(nowMs - sentAtMs);
      }
    };
  }

  // Many receive the same bytes.
  private readRanges(update: Uint8Array): readonly AuthorRange[] {
    if (update.byteLength > MAX_CACHED_BYTES) return decodeRanges(update);
    const key = Buffer.from(update.buffer, update.byteOffset, update.byteLength).toString('latin1');
    const known = this.ranges.get(key);
    if (known) return known;
    const ranges = decodeRanges(update);
    if (this.ranges.size >= MAX_CACHED_UPDATES) this.ranges.clear();
    this.ranges.set(key, ranges);
    return ranges;
  }
}

/** What a Yjs update brings. */
export function decodeRanges(update: Uint8Array): readonly AuthorRange[] {
  return Y.decodeUpdate(update).structs.map(({ id, length }) => ({
    author: id.client,
    start: id.clock,
    end: id.clock + length,
  }));
}
