import * as Y from 'yjs';

interface AuthorRange {
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

  /** Gives what takes one client's updates. The client's own edits do not count. */
  createReceiver(self: number, samples: LatencySamples): (update: Uint8Array) => void {
    const reached = new Map<number, number>();
    return (update) => {
      for (const { author, start, end } of this.readRanges(update)) {
        const times = this.sentAtMs.get(author);
        if (author === self || !times) continue;
        const nowMs = performance.now();
        for (let clock = Math.max(start, reached.get(author) ?? 0); clock < end; clock++) {
          const sentAtMs = times[clock];
          if (sentAtMs === undefined) continue;
          this.delivered++;
          samples.sentAtMs.push(sentAtMs);
          samples.latencyMs.push(nowMs - sentAtMs);
        }
        reached.set(author, Math.max(end, reached.get(author) ?? 0));
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

function decodeRanges(update: Uint8Array): readonly AuthorRange[] {
  return Y.decodeUpdate(update).structs.map(({ id, length }) => ({
    author: id.client,
    start: id.clock,
    end: id.clock + length,
  }));
}
