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
    const sorted: Entry<T>[] = [];
    // Sorting is stable: of two that begin alike the first stays.
    for (const { from, to, value } of entries.toSorted((a, b) => a.from - b.from)) {
      const start = Math.max(from, sorted.at(-1)?.to ?? 0);
      if (start < to) sorted.push({ from: start, to, value });
    }
    this.byClient.set(client, sorted);
    return sorted;
  }
}
