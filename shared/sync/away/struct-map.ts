interface Entry<T> {
  readonly from: number;
  readonly to: number;
  readonly value: T;
}

/** What is known at a clock, and the clock from which on that may be something else. */
export interface Known<T> {
  readonly value: T | undefined;
  readonly until: number;
}

/** What is known of Yjs structs, by client and clock. What was noted of a struct first stays. */
export class StructMap<T> {
  private readonly byClient = new Map<number, Entry<T>[]>();
  private readonly unsorted = new Set<number>();

  /** `to` is exclusive. */
  add(client: number, from: number, to: number, value: T): void {
    if (from >= to) return;
    const entries = this.byClient.get(client) ?? [];
    const last = entries.at(-1);
    // Somebody types.
    if (last?.to === from && last.value === value) entries[entries.length - 1] = { from: last.from, to, value };
    else {
      if (last && from < last.to) this.unsorted.add(client);
      entries.push({ from, to, value });
    }
    this.byClient.set(client, entries);
  }

  at(client: number, clock: number): Known<T> {
    const entries = this.sorted(client);
    let [low, high] = [0, entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[middle]?.to ?? 0) <= clock) low = middle + 1;
      else high = middle;
    }
    const entry = entries[low];
    if (!entry) return { value: undefined, until: Infinity };
    return entry.from <= clock ? { value: entry.value, until: entry.to } : { value: undefined, until: entry.from };
  }

  private sorted(client: number): readonly Entry<T>[] {
    const entries = this.byClient.get(client) ?? [];
    if (!this.unsorted.delete(client)) return entries;
    const sorted = withoutOverlaps(entries);
    this.byClient.set(client, sorted);
    return sorted;
  }
}

/** The same in the order of their clocks; where some overlap, what the first in `entries` says. */
function withoutOverlaps<T>(entries: readonly Entry<T>[]): Entry<T>[] {
  const clocks = [...new Set(entries.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const places = new Map(clocks.map((clock, place) => [clock, place]));
  const placeOf = (clock: number): number => places.get(clock) ?? clocks.length;
  const spans = Array.from<Entry<T> | undefined>({ length: clocks.length });
  // By place: where to look for one of which nothing is said yet.
  const next = clocks.map((_, place) => place);
  const firstFree = (from: number): number => {
    let free = from;
    for (let to = next[free]; to !== undefined && to !== free; to = next[free]) {
      // Shortens the way for those who come after.
      next[free] = next[to] ?? to;
      free = to;
    }
    return free;
  };
  for (const { from, to, value } of entries) {
    const end = placeOf(to);
    for (let place = firstFree(placeOf(from)); place < end; place = firstFree(place + 1)) {
      spans[place] = { from: clocks[place] ?? from, to: clocks[place + 1] ?? to, value };
      next[place] = place + 1;
    }
  }
  const joined: Entry<T>[] = [];
  for (const span of spans) {
    if (!span) continue;
    const last = joined.at(-1);
    if (last?.to === span.from && last.value === span.value) joined[joined.length - 1] = { ...last, to: span.to };
    else joined.push(span);
  }
  return joined;
}
