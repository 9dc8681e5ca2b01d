type Range = readonly [from: number, to: number];

/** Structs of a document that are known to be deleted, by Yjs client and clock. */
export class DeletedStructs {
  /** Apart from each other, ascending. */
  private readonly byClient = new Map<number, Range[]>();

  /** Gives the parts that were not known yet, ascending. `to` is exclusive. */
  add(client: number, from: number, to: number): readonly Range[] {
    if (from >= to) return [];
    const ranges = this.byClient.get(client) ?? [];
    this.byClient.set(client, ranges);
    const first = firstThatEnds(ranges, from);
    const parts: Range[] = [];
    let [next, start, end, count] = [from, from, to, 0];
    for (let range = ranges[first]; range && range[0] <= to; range = ranges[first + ++count]) {
      if (next < range[0]) parts.push([next, range[0]]);
      next = Math.max(next, range[1]);
      start = Math.min(start, range[0]);
      end = Math.max(end, range[1]);
    }
    if (next < to) parts.push([next, to]);
    if (parts.length > 0) ranges.splice(first, count, [start, end]);
    return parts;
  }
}

/** Where the first range is that ends at a clock or later. */
function firstThatEnds(ranges: readonly Range[], clock: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.[1] ?? 0) < clock) low = middle + 1;
    else high = middle;
  }
  return low;
}
