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
  overlapping({ client, start, end }: ClockRange): readonly DepthRun[] {
    const runs = this.clients.get(client);
    if (!runs) return [];
    const from = firstEndingBeyond(runs, start);
    let to = from;
    while ((runs[to]?.start ?? Infinity) < end) to++;
    return runs.slice(from, to);
  }

  /** Adds runs of one client, rising and apart from each other and from all that are there. They become its own. */
  add(client: number, added: readonly DepthRun[]): void {
    const [first] = added;
    if (!first) return;
    const runs = this.clients.get(client) ?? [];
    this.clients.set(client, runs);
    const behind = runs.splice(firstEndingBeyond(runs, first.start));
    // In time that grows with both of them, not with their product.
    let index = 0;
    for (const run of added) {
      for (let next = behind[index]; next && next.start < run.start; next = behind[++index]) append(runs, next);
      append(runs, run);
    }
    for (; index < behind.length; index++) append(runs, behind[index]);
  }
}

function append(runs: DepthRun[], run: DepthRun | undefined): void {
  if (!run) return;
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
