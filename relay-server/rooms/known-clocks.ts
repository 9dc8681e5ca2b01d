import * as encoding from 'lib0/encoding';
import type { ClockRange } from './inspect-update.ts';

interface ClientClocks {
  /** Everything below it is there. */
  reached: number;
  /** What is there beyond a gap; sorted, disjoint. */
  beyond: ClockRange[];
}

/** Which structs a document has, told from the updates alone: its state vector without a Y.Doc. */
export class KnownClocks {
  private readonly clients = new Map<number, ClientClocks>();
  private encoded: Uint8Array | undefined;

  /** `ranges` as an update has them: those of one client together and rising. */
  add(ranges: readonly ClockRange[]): void {
    for (let start = 0; start < ranges.length;) {
      const client = ranges[start]?.client ?? 0;
      let end = start + 1;
      while (ranges[end]?.client === client) end++;
      this.addOfClient(client, ranges.slice(start, end));
      start = end;
    }
  }

  private addOfClient(client: number, ranges: readonly ClockRange[]): void {
    const known = this.clients.get(client) ?? { reached: 0, beyond: [] };
    this.clients.set(client, known);
    const { reached } = known;
    const [only] = ranges;
    if (ranges.length === 1 && only) addOne(known, only);
    else settle(known, unite(known.beyond, ranges));
    if (known.reached > reached) this.encoded = undefined;
  }

  /** Whether somebody who has `stateVector`, and gets `ranges` besides, has all of it. */
  isCoveredBy(stateVector: ReadonlyMap<number, number>, ranges: readonly ClockRange[]): boolean {
    const gets = new KnownClocks();
    for (const [client, reached] of stateVector) gets.clients.set(client, { reached, beyond: [] });
    gets.add(ranges);
    for (const [client, { reached }] of this.clients) {
      if ((gets.clients.get(client)?.reached ?? 0) < reached) return false;
    }
    return true;
  }

  /** Whether a struct is there. */
  has(client: number, clock: number): boolean {
    const known = this.clients.get(client);
    if (!known) return false;
    if (clock < known.reached) return true;
    const range = known.beyond[firstEndingFrom(known.beyond, clock + 1)];
    return range !== undefined && range.start <= clock;
  }

  /** False when nothing of the client is there from `clock` on, which is so for whatever it writes next. */
  reachesBeyond(client: number, clock: number): boolean {
    const known = this.clients.get(client);
    return known !== undefined && Math.max(known.reached, known.beyond.at(-1)?.end ?? 0) > clock;
  }

  /** In how many pieces a range is there, beyond what is there without a gap; told without going through them. */
  piecesOf({ client, start, end }: ClockRange): number {
    const beyond = this.clients.get(client)?.beyond;
    return beyond?.length ? firstEndingFrom(beyond, end) - firstEndingFrom(beyond, start + 1) + 1 : 0;
  }

  /** What of a range is not there. */
  lackingOf({ client, start, end }: ClockRange): ClockRange[] {
    const known = this.clients.get(client);
    if (!known) return [{ client, start, end }];
    const lacking: ClockRange[] = [];
    let reached = Math.max(start, known.reached);
    for (let index = firstEndingFrom(known.beyond, reached + 1); reached < end; index++) {
      const next = known.beyond[index];
      const gapEnd = Math.min(end, next?.start ?? end);
      if (gapEnd > reached) lacking.push({ client, start: reached, end: gapEnd });
      reached = Math.max(gapEnd, next?.end ?? end);
    }
    return lacking;
  }

  /** The encoded state vector: contiguous clocks only, as a Y.Doc would have them. */
  encodeStateVector(): Uint8Array {
    this.encoded ??= encode([...this.clients].filter(([, { reached }]) => reached > 0));
    return this.encoded;
  }
}

/** An author who goes on, in time that hardly depends on the number of gaps. */
function addOne(known: ClientClocks, range: ClockRange): void {
  if (range.start > known.reached) {
    const index = firstEndingFrom(known.beyond, range.start);
    let { start, end } = range;
    let last = index;
    for (let other = known.beyond[last]; other && other.start <= end; other = known.beyond[++last]) {
      start = Math.min(start, other.start);
      end = Math.max(end, other.end);
    }
    known.beyond.splice(index, last - index, { client: range.client, start, end });
    return;
  }
  known.reached = Math.max(known.reached, range.end);
  const [first] = known.beyond;
  if (first && first.start <= known.reached) settle(known, known.beyond);
}

/** Index of the first range that ends at `start` or beyond it. */
function firstEndingFrom(ranges: readonly ClockRange[], start: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.end ?? Infinity) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Takes what has become contiguous out of `ranges`, which are sorted and disjoint. */
function settle(known: ClientClocks, ranges: readonly ClockRange[]): void {
  let index = 0;
  for (; index < ranges.length; index++) {
    const range = ranges[index];
    if (!range || range.start > known.reached) break;
    known.reached = Math.max(known.reached, range.end);
  }
  known.beyond = ranges.slice(index);
}

/** Both lists are sorted; so is the result, and disjoint. */
function unite(a: readonly ClockRange[], b: readonly ClockRange[]): ClockRange[] {
  const united: { readonly client: number; readonly start: number; end: number }[] = [];
  let [indexA, indexB] = [0, 0];
  while (indexA < a.length || indexB < b.length) {
    const [fromA, fromB] = [a[indexA], b[indexB]];
    const isFromA = fromA !== undefined && (fromB === undefined || fromA.start <= fromB.start);
    const next = isFromA ? fromA : fromB;
    if (isFromA) indexA++;
    else indexB++;
    if (!next) break;
    const last = united.at(-1);
    if (last && next.start <= last.end) last.end = Math.max(last.end, next.end);
    else united.push({ ...next });
  }
  return united;
}

function encode(clients: readonly (readonly [client: number, clocks: ClientClocks])[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, clients.length);
  // From high to low, as Yjs does it.
  for (const [client, { reached }] of [...clients].sort((a, b) => b[0] - a[0])) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, reached);
  }
  return encoding.toUint8Array(encoder);
}
