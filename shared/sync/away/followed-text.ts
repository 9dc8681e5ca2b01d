import type * as Y from 'yjs';
import { createPiece, isOfNobody, partOf, type Piece } from './piece.ts';
import type { Origin, RestoredCopies } from './restored-copies.ts';
import { StructMap } from './struct-map.ts';
import { stretchesOf } from './text-items.ts';

/** A part of a piece that is in the text as a copy; offsets in its text, `end` is exclusive. */
interface Claim {
  readonly start: number;
  readonly end: number;
  readonly client: number;
  readonly clock: number;
}

// What holds of a unit of a piece.
const CLAIMED = 1;
const COVERED = 2;
/** A part of what counts for nobody that turned out to be a copy. */
const RELEASED = 4;

/**
 * The pieces of `text` as it is now: those that are in it, and those that are not with the one before them. All that is
 * new counts for nobody.
 */
export function followText(pieces: readonly Piece[], text: Y.Text, copies: RestoredCopies): readonly Piece[] {
  const adopted = adoptCopies(pieces, text, copies);
  const known = byStruct(adopted);
  const parts: Piece[] = [];
  const places = new StructMap<number>();
  for (const { client, clock: first, length, text: there } of stretchesOf(text)) {
    if (there === undefined) continue;
    for (let clock = first; clock < first + length;) {
      const { value, until } = known.at(client, clock);
      const end = Math.min(first + length, until);
      const shown = there.slice(clock - first, end - first);
      places.add(client, clock, end, parts.length);
      const part = value && partOf(value, clock - value.clock, end - value.clock);
      parts.push(part ? { ...part, text: shown, isHere: true } : createPiece({ client, clock, text: shown }));
      clock = end;
    }
  }
  return withAbsent(parts, adopted, places);
}

/** Puts what is not in the text behind what it was behind. `places`: where in `parts` structs are. */
function withAbsent(parts: readonly Piece[], pieces: readonly Piece[], places: StructMap<number>): readonly Piece[] {
  const behind = new Map<number, Piece[]>();
  let last = -1;
  for (const piece of pieces) {
    const until = piece.clock + piece.text.length;
    for (let clock = piece.clock; clock < until;) {
      const place = places.at(piece.client, clock);
      const end = Math.min(until, place.until);
      if (place.value !== undefined) last = place.value;
      else if (!isOfNobody(piece)) {
        const absent = { ...partOf(piece, clock - piece.clock, end - piece.clock), isHere: false };
        const there = behind.get(last);
        if (there) there.push(absent);
        else behind.set(last, [absent]);
      }
      clock = end;
    }
  }
  return [...(behind.get(-1) ?? []), ...parts.flatMap((part, place) => [part, ...(behind.get(place) ?? [])])];
}

/**
 * The pieces with the structs of their copies, where they are in the text as such. Only a copy that has the very text of
 * what it says that it is one of is believed.
 */
export function adoptCopies(pieces: readonly Piece[], text: Y.Text, copies: RestoredCopies): readonly Piece[] {
  if (copies.isEmpty) return pieces;
  const adoption = new Adoption(pieces, text);
  for (const { client, clock: first, length, text: there } of stretchesOf(text)) {
    if (there === undefined) continue;
    for (let clock = first; clock < first + length;) {
      const until = adoption.untilOther(client, clock, first + length);
      const origins = [...copies.originsOf(client, clock, until - clock)];
      const end = clock + (origins.at(-1)?.length ?? until - clock);
      adoption.take({ client, clock, text: there.slice(clock - first, end - first) }, origins);
      clock = end;
    }
  }
  return adoption.finish();
}

class Adoption {
  private readonly pieces: readonly Piece[];
  private readonly own: StructMap<Piece>;
  private readonly first: StructMap<Piece>;
  private readonly living = new StructMap<true>();
  private readonly marked = new Map<Piece, MarkedPiece>();

  constructor(pieces: readonly Piece[], text: Y.Text) {
    this.pieces = pieces;
    this.own = byStruct(pieces);
    this.first = new StructMap();
    for (const piece of pieces) {
      const { from, text: shown } = piece;
      if (from) this.first.add(from.client, from.clock, from.clock + shown.length, piece);
    }
    for (const { client, clock, length, text: there } of stretchesOf(text))
      if (there !== undefined) this.living.add(client, clock, clock + length, true);
  }

  untilOther(client: number, clock: number, end: number): number {
    return Math.min(end, this.own.at(client, clock).until);
  }

  take(part: Pick<Piece, 'client' | 'clock' | 'text'>, origins: readonly Origin[]): void {
    const { client, clock, text } = part;
    const owner = this.own.at(client, clock).value;
    for (const origin of origins) {
      const found = this.find(origin, text);
      if (!found || found.piece === owner) continue;
      const { piece, start } = found;
      const end = start + text.length;
      if (owner && !isOfNobody(owner)) {
        this.mark(piece).add(COVERED, start, end);
        continue;
      }
      if (this.isThere(piece, start, end)) continue;
      this.mark(piece).claim({ start, end, client, clock });
      if (owner) this.mark(owner).add(RELEASED, clock - owner.clock, clock - owner.clock + text.length);
      return;
    }
  }

  finish(): readonly Piece[] {
    if (this.marked.size === 0) return this.pieces;
    return this.pieces.flatMap((piece) => this.marked.get(piece)?.parts() ?? [{ ...piece, isCovered: false }]);
  }

  private mark(piece: Piece): MarkedPiece {
    const marked = this.marked.get(piece) ?? new MarkedPiece(piece);
    this.marked.set(piece, marked);
    return marked;
  }

  /** The piece that has all of these structs, and this text there. */
  private find({ client, clock }: Origin, text: string): { readonly piece: Piece; readonly start: number } | undefined {
    const piece = this.own.at(client, clock).value;
    if (piece) return matched(piece, clock - piece.clock, text);
    const first = this.first.at(client, clock).value;
    return first?.from && matched(first, clock - first.from.clock, text);
  }

  private isThere(piece: Piece, start: number, end: number): boolean {
    const { value, until } = this.living.at(piece.client, piece.clock + start);
    if (value || until < piece.clock + end) return true;
    return this.marked.get(piece)?.isClaimed(start, end) === true;
  }
}

/** What holds of the parts of a piece. Its size is that of the text, however many copies there are said to be. */
class MarkedPiece {
  private readonly piece: Piece;
  private readonly units: Uint8Array;
  /** They do not overlap. */
  private readonly claims = new Map<number, Claim>();

  constructor(piece: Piece) {
    this.piece = piece;
    this.units = new Uint8Array(piece.text.length);
  }

  isClaimed(start: number, end: number): boolean {
    return this.units.subarray(start, end).some((unit) => (unit & CLAIMED) !== 0);
  }

  claim(claim: Claim): void {
    this.claims.set(claim.start, claim);
    this.add(CLAIMED, claim.start, claim.end);
  }

  add(mark: number, start: number, end: number): void {
    for (let at = start; at < end; at++) this.units[at] = (this.units[at] ?? 0) | mark;
  }

  /** Cut wherever something else begins to hold. */
  parts(): readonly Piece[] {
    const { units } = this;
    const parts: Piece[] = [];
    let claim: Claim | undefined;
    for (let start = 0; start < units.length;) {
      const mark = units[start] ?? 0;
      claim = this.claims.get(start) ?? claim;
      let end = start + 1;
      while (end < units.length && units[end] === mark && !this.claims.has(end)) end++;
      if ((mark & RELEASED) === 0) parts.push(this.adopt(start, end, mark, claim));
      start = end;
    }
    return parts;
  }

  private adopt(start: number, end: number, mark: number, claim: Claim | undefined): Piece {
    const part = partOf(this.piece, start, end);
    if (!claim || (mark & CLAIMED) === 0) return { ...part, isCovered: (mark & COVERED) !== 0 };
    const { client, clock } = part;
    const from = part.from ?? { client, clock };
    return { ...part, client: claim.client, clock: claim.clock + start - claim.start, from, isHere: true };
  }
}

function matched(
  piece: Piece,
  start: number,
  text: string,
): { readonly piece: Piece; readonly start: number } | undefined {
  return piece.text.startsWith(text, start) ? { piece, start } : undefined;
}

function byStruct(pieces: readonly Piece[]): StructMap<Piece> {
  const map = new StructMap<Piece>();
  for (const piece of pieces) map.add(piece.client, piece.clock, piece.clock + piece.text.length, piece);
  return map;
}
