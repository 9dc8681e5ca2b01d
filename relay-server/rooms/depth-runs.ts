import type { ClockRange } from './inspect-update.ts';

/** Names one struct. */
export interface StructId {
  readonly client: number;
  readonly clock: number;
}

/** In how many shared types a struct is. */
export interface Depth {
  readonly levels: number;
  /** Set while the place of this other struct is not known: it is in so many more than that one. */
  readonly beyond: StructId | undefined;
  /** It was in a type that was deleted and collected as garbage. */
  readonly isGone: boolean;
}

/** A range of structs of one client that are equally deep. */
export interface DepthRun {
  readonly start: number;
  /** Exclusive. */
  end: number;
  /** May be replaced by what it turns out to be. */
  depth: Depth;
}

export function isSameDepth(one: Depth, other: Depth): boolean {
  if (one.levels !== other.levels || one.isGone !== other.isGone) return false;
  return one.beyond?.client === other.beyond?.client && one.beyond?.clock === other.beyond?.clock;
}

/** Fewer are put in one by one, which moves what is behind them. */
const MERGED_AT = 8;

/** How deep structs are, as ranges of their clocks. */
export class DepthRuns {
  /** Sorted and disjoint. */
  private readonly clients = new Map<number, DepthRun[]>();

  find({ client, clock }: StructId): DepthRun | undefined {
    const runs = this.clients.get(client);
    const run = runs?.[firstEndingBeyond(runs, clock)];
    return run && run.start <= clock ? run : undefined;
  }

  /** Those that have something of a range. */
  overlapping(range: ClockRange): readonly DepthRun[] {
    const { from, to } = this.span(range);
    return from === to ? [] : (this.clients.get(range.client)?.slice(from, to) ?? []);
  }

  /** How many have something of a range; told without going through them. */
  countIn(range: ClockRange): number {
    const { from, to } = this.span(range);
    return to - from;
  }

  private span({ client, start, end }: ClockRange): { readonly from: number; readonly to: number } {
    const runs = this.clients.get(client);
    if (!runs) return { from: 0, to: 0 };
    const to = firstEndingBeyond(runs, end - 1);
    return { from: firstEndingBeyond(runs, start), to: (runs[to]?.start ?? Infinity) < end ? to + 1 : to };
  }

  /** Adds runs of one client, rising and apart from each other and from all that are there. They become its own. */
  add(client: number, added: readonly DepthRun[]): void {
    const [first] = added;
    if (!first) return;
    const runs = this.clients.get(client);
    if (!runs) this.clients.set(client, joinAll(added));
    else if ((runs.at(-1)?.end ?? 0) <= first.start) for (const run of added) append(runs, run);
    else if (added.length < MERGED_AT) for (const run of added) runs.splice(firstEndingBeyond(runs, run.start), 0, run);
    else this.clients.set(client, merge(runs, added));
  }
}

/** In time that grows with both of them, not with their product. */
function merge(runs: readonly DepthRun[], added: readonly DepthRun[]): DepthRun[] {
  const merged: DepthRun[] = [];
  let index = 0;
  for (const run of added) {
    for (let next = runs[index]; next && next.start < run.start; next = runs[++index]) append(merged, next);
    append(merged, run);
  }
  for (let next = runs[index]; next; next = runs[++index]) append(merged, next);
  return merged;
}

function joinAll(runs: readonly DepthRun[]): DepthRun[] {
  const joined: DepthRun[] = [];
  for (const run of runs) append(joined, run);
  return joined;
}

function append(runs: DepthRun[], run: DepthRun): void {
  const last = runs.at(-1);
  if (last && last.end === run.start && isSameDepth(last.depth, run.depth)) last.end = run.end;
  else runs.push(run);
}

/** Index of the first run that ends beyond `clock`. */
function firstEndingBeyond(runs: readonly DepthRun[], clock: number): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((runs[middle]?.end ?? Infinity) <= clock) low = middle + 1;
    else high = middle;
  }
  return low;
}
