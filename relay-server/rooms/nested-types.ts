import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Depth, type DepthRun, DepthRuns, isSameDepth, type StructId } from './depth-runs.ts';
import type { ClockRange } from './inspect-update.ts';
import { KnownClocks } from './known-clocks.ts';
import { MAX_NESTING } from './nesting.ts';
import { StructScanner } from './struct-scanner.ts';
import { type PlacedStruct, UpdateStructs } from './update-structs.ts';

/**
 * `too-deep`: it has a shared type that is, itself counted, the innermost of more than {@link MAX_NESTING}.
 * `contradictory`: it says of a struct that has come before that it is deeper than it was.
 * `repeated`: it brings again what was collected as garbage meanwhile, and has to be sent without that.
 * `unplaced`: of a shared type in it is not known yet what it is in, since it builds on something that has not come.
 */
export type NestingVerdict = 'sound' | 'too-deep' | 'contradictory' | 'repeated' | 'unplaced';

const TOP: Depth = { levels: 0, beyond: undefined, isGone: false };
const GONE: Depth = { ...TOP, isGone: true };
/** Of structs that wait for each other. There is no such client. */
const NOWHERE: Depth = { ...TOP, beyond: { client: -1, clock: -1 } };
const NONE: readonly Depth[] = [];
/** For each struct of an update. */
const MAX_PIECES = 4;
const SPARE_PIECES = 1_000;
/** Of a large update, so many structs are gone through in one turn of the event loop. */
const TURN_STRUCTS = 10_000;

/**
 * How deep the shared types of one document are nested, told from its updates alone. Whoever deletes one needs a piece of
 * the stack for each level in it. Memory: next to none for a document in which nothing is nested; else a range for each
 * piece that was written together.
 */
export class NestedTypes {
  /** What is stored. Whoever adds to it gives the same to this before. */
  private readonly stored: KnownClocks;
  /** What has come besides. */
  private readonly seen = new KnownClocks();
  /** Of what has come, all that is not at the top. */
  private readonly runs = new DepthRuns();
  /** By so much any struct may be deeper than is said here, since others were taken with contradictions. */
  private slack = 0;

  constructor(stored: KnownClocks) {
    this.stored = stored;
  }

  /** Judges an update that somebody sends, and takes it when it is sound. Throws when it is no Yjs update. */
  judge(update: Uint8Array): NestingVerdict {
    const structs = readStructs(update);
    if (this.isShredded(structs)) return 'unplaced';
    const placing = this.placeAll(structs);
    const verdicts = new Set<NestingVerdict>();
    for (const [index, struct] of structs.all.entries()) {
      const depth = placing.depths[index] ?? TOP;
      for (const before of this.depthsBefore(placing, struct)) verdicts.add(compare(before, depth));
      if (!struct.isType || this.has({ client: struct.client, clock: struct.start })) continue;
      if (depth.levels + this.slack >= MAX_NESTING) return 'too-deep';
      if (depth.beyond) verdicts.add('unplaced');
    }
    for (const verdict of ['contradictory', 'repeated', 'unplaced'] as const) if (verdicts.has(verdict)) return verdict;
    this.take(placing);
    return 'sound';
  }

  /** Takes an update that is stored or sent on already, whatever it has. Throws when it is no Yjs update. */
  add(update: Uint8Array): void {
    const placing = this.placeAll(readStructs(update));
    for (const [index, struct] of placing.structs.all.entries()) {
      const depth = placing.depths[index] ?? TOP;
      for (const before of this.depthsBefore(placing, struct))
        if (compare(before, depth) === 'contradictory') this.slack += depth.levels - before.levels;
    }
    this.take(placing);
  }

  /**
   * Takes a snapshot in several turns of the event loop. `ranges` are those of its structs that are to be added to what
   * is stored. Rejects when it is no Yjs update.
   */
  async addSnapshot(update: Uint8Array, ranges: readonly ClockRange[]): Promise<void> {
    // The usual case, which has to be fast.
    if (!(await hasNesting(update))) return;
    const structs = new UpdateStructs(update);
    while (structs.read(TURN_STRUCTS)) await nextTurn();
    const placing = new Placing(structs);
    for (let index = 0; index < structs.all.length; index++) {
      this.place(placing, index);
      if (index % TURN_STRUCTS === TURN_STRUCTS - 1) await nextTurn();
    }
    const counted = new KnownClocks();
    counted.add(ranges);
    this.take(placing, counted);
  }

  /** What it brings has come already in far more pieces than anybody makes of it: comparing them would take long. */
  private isShredded({ all }: UpdateStructs): boolean {
    let pieces = 0;
    for (const range of all) {
      if (this.isNew(range)) continue;
      pieces += this.stored.piecesOf(range) + this.seen.piecesOf(range) + this.runs.countIn(range);
    }
    return pieces > SPARE_PIECES + MAX_PIECES * all.length;
  }

  private has({ client, clock }: StructId): boolean {
    return this.stored.has(client, clock) || this.seen.has(client, clock);
  }

  /** The usual case. */
  private isNew({ client, start }: ClockRange): boolean {
    return !this.stored.reachesBeyond(client, start) && !this.seen.reachesBeyond(client, start);
  }

  private lackingOf(range: ClockRange): readonly ClockRange[] {
    if (this.isNew(range)) return [range];
    return this.stored.lackingOf(range).flatMap((lacking) => this.seen.lackingOf(lacking));
  }

  /** Undefined for a struct that has not come. */
  private find(id: StructId): Depth | undefined {
    const found = this.runs.find(id);
    if (!found) return this.has(id) ? TOP : undefined;
    const path: DepthRun[] = [];
    for (let run: DepthRun | undefined = found; run?.depth.beyond; run = this.runs.find(run.depth.beyond))
      path.push(run);
    // What they waited for may have come.
    for (const run of path.toReversed()) {
      const { levels, beyond } = run.depth;
      const reached = beyond && (this.runs.find(beyond)?.depth ?? (this.has(beyond) ? TOP : undefined));
      if (reached) run.depth = { ...reached, levels: levels + reached.levels };
    }
    return found.depth;
  }

  private placeAll(structs: UpdateStructs): Placing {
    const placing = new Placing(structs);
    for (let index = 0; index < structs.all.length; index++) this.place(placing, index);
    return placing;
  }

  /** Finds the depth of one struct, and of those of the update that it depends on. Without recursion. */
  private place(placing: Placing, first: number): void {
    if (placing.depths[first]) return;
    const depth = this.tryPlace(placing, first);
    if (typeof depth === 'number') this.placePath(placing, [first]);
    else placing.depths[first] = depth;
  }

  private placePath(placing: Placing, path: number[]): void {
    for (let index = path.at(-1); index !== undefined; index = path.at(-1)) {
      placing.onPath.add(index);
      const depth = this.tryPlace(placing, index);
      if (typeof depth === 'number') path.push(depth);
      else {
        placing.depths[index] = depth;
        placing.onPath.delete(index);
        path.pop();
      }
    }
  }

  /** Gives the index of another one that has to be placed before. */
  private tryPlace(placing: Placing, index: number): Depth | number {
    const struct = placing.structs.all[index];
    if (!struct || struct.place === 'top') return TOP;
    if (struct.place === 'nowhere') return GONE;
    const own = this.find(struct.anchor) ?? { ...TOP, beyond: struct.anchor };
    const depth = placing.resolve(own);
    if (typeof depth === 'number' || struct.place === 'beside') return depth;
    return { ...depth, levels: depth.levels + 1 };
  }

  /** How deep those structs of a range are that have come before. */
  private depthsBefore(placing: Placing, range: PlacedStruct): readonly Depth[] {
    if (this.isNew(range)) return NONE;
    const lackingLength = lengthOf(this.lackingOf(range));
    const length = range.end - range.start;
    if (lackingLength === length) return [];
    const depths: Depth[] = [];
    let runLength = 0;
    for (const { start, end, depth } of this.runs.overlapping(range)) {
      const resolved = placing.resolve(this.find({ client: range.client, clock: start }) ?? depth);
      depths.push(typeof resolved === 'number' ? depth : resolved);
      runLength += Math.min(end, range.end) - Math.max(start, range.start);
    }
    return lackingLength + runLength < length ? [...depths, TOP] : depths;
  }

  /** `counted`: what will be in `stored` soon. */
  private take({ structs: { all, firstOf }, depths }: Placing, counted?: KnownClocks): void {
    const ranges: { readonly client: number; readonly start: number; end: number }[] = [];
    for (const [client, first] of firstOf) {
      const runs: DepthRun[] = [];
      for (let index = first, struct = all[first]; struct?.client === client; struct = all[++index]) {
        const depth = depths[index] ?? TOP;
        for (const range of this.lackingOf(struct)) {
          if (!isSameDepth(depth, TOP)) runs.push({ start: range.start, end: range.end, depth });
          for (const { start, end } of counted?.lackingOf(range) ?? [range]) {
            const last = ranges.at(-1);
            if (last?.client === client && last.end === start) last.end = end;
            else ranges.push({ client, start, end });
          }
        }
      }
      this.runs.add(client, runs);
    }
    this.seen.add(ranges);
  }
}

/** The structs of one update, while their depths are being found. */
class Placing {
  readonly structs: UpdateStructs;
  readonly depths: Depth[] = [];
  /** Those that wait for others. */
  readonly onPath = new Set<number>();

  constructor(structs: UpdateStructs) {
    this.structs = structs;
  }

  /** Resolves a depth by what the update brings. Gives the index of a struct that has to be placed before. */
  resolve(depth: Depth): Depth | number {
    const other = depth.beyond ? this.structs.indexOf(depth.beyond) : -1;
    if (other < 0) return depth;
    const reached = this.depths[other];
    if (!reached) return this.onPath.has(other) ? NOWHERE : other;
    return { ...reached, levels: depth.levels + reached.levels };
  }
}

/** What to think of a struct of which something else was said before. */
function compare(before: Depth, depth: Depth): NestingVerdict {
  if (depth.isGone || isSameDepth(before, depth)) return 'sound';
  const isDeeper = depth.levels > before.levels;
  if (before.isGone) return isDeeper || depth.beyond ? 'repeated' : 'sound';
  if (before.beyond || depth.beyond) return 'unplaced';
  return isDeeper ? 'contradictory' : 'sound';
}

function lengthOf(ranges: readonly { readonly start: number; readonly end: number }[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

function readStructs(update: Uint8Array): UpdateStructs {
  const structs = new UpdateStructs(update);
  structs.read(Infinity);
  return structs;
}

/** Whether there is a shared type in it, or was one. */
async function hasNesting(update: Uint8Array): Promise<boolean> {
  const scanner = new StructScanner(update);
  for (let left = TURN_STRUCTS; scanner.next(); left--) {
    if (scanner.isType || scanner.anchor === 'nowhere') return true;
    if (left > 0) continue;
    left = TURN_STRUCTS;
    await nextTurn();
  }
  return false;
}
