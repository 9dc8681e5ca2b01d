import type * as Y from 'yjs';
import { createPiece, isOfNobody, partOf, type Piece } from './piece.ts';
import type { Origin, RestoredCopies } from './restored-copies.ts';
import { StructMap } from './struct-map.ts';
import { stretchesOf } from './text-items.ts';

/** A part of a piece, by offsets in its text; `end` is exclusive. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** A part of a piece that is in the text as a copy. */
interface Claim extends Range {
  readonly client: number;
  readonly clock: number;
}

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
        behind.set(last, [...(behind.get(last) ?? []), absent]);
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
  private readonly claims = new Map<Piece, Claim[]>();
  private readonly covered = new Map<Piece, Range[]>();
  /** Parts of what counts for nobody that turned out to be copies. */
  private readonly released = new Map<Piece, Range[]>();

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
      const range = { start, end: start + text.length };
      if (owner && !isOfNobody(owner)) {
        add(this.covered, piece, range);
        continue;
      }
      if (this.isThere(piece, range)) continue;
      add(this.claims, piece, { ...range, client, clock });
      if (owner) add(this.released, owner, { start: clock - owner.clock, end: clock - owner.clock + text.length });
      return;
    }
  }

  finish(): readonly Piece[] {
    if (this.claims.size === 0 && this.covered.size === 0) return this.pieces;
    return this.pieces.flatMap((piece) => {
      const released = this.released.get(piece) ?? [];
      return this.split(piece)
        .filter(({ start }) => !released.some((range) => range.start <= start && start < range.end))
        .map(({ start, end }) => this.adopt(piece, start, end));
    });
  }

  /** Cut wherever something else begins to hold. */
  private split(piece: Piece): readonly Range[] {
    const ranges = [this.claims, this.covered, this.released].flatMap((map) => map.get(piece) ?? []);
    const cuts = new Set([0, piece.text.length, ...ranges.flatMap(({ start, end }) => [start, end])]);
    const sorted = [...cuts].toSorted((a, b) => a - b);
    return sorted.slice(1).map((end, index) => ({ start: sorted[index] ?? 0, end }));
  }

  private adopt(piece: Piece, start: number, end: number): Piece {
    const part = partOf(piece, start, end);
    const claim = this.claims.get(piece)?.find((range) => range.start <= start && start < range.end);
    if (claim) {
      const { client, clock } = part;
      const from = part.from ?? { client, clock };
      return { ...part, client: claim.client, clock: claim.clock + start - claim.start, from, isHere: true };
    }
    const isCovered = this.covered.get(piece)?.some((range) => range.start <= start && start < range.end) === true;
    return { ...part, isCovered };
  }

  /** The piece that has all of these structs, and this text there. */
  private find({ client, clock }: Origin, text: string): { readonly piece: Piece; readonly start: number } | undefined {
    const piece = this.own.at(client, clock).value;
    if (piece) return matched(piece, clock - piece.clock, text);
    const first = this.first.at(client, clock).value;
    return first?.from && matched(first, clock - first.from.clock, text);
  }

  private isThere(piece: Piece, { start, end }: Range): boolean {
    const { value, until } = this.living.at(piece.client, piece.clock + start);
    if (value || until < piece.clock + end) return true;
    return this.claims.get(piece)?.some((claim) => claim.start < end && start < claim.end) === true;
  }
}

function matched(
  piece: Piece,
  start: number,
  text: string,
): { readonly piece: Piece; readonly start: number } | undefined {
  return piece.text.startsWith(text, start) ? { piece, start } : undefined;
}

function add<T>(map: Map<Piece, T[]>, piece: Piece, value: T): void {
  const values = map.get(piece);
  if (values) values.push(value);
  else map.set(piece, [value]);
}

function byStruct(pieces: readonly Piece[]): StructMap<Piece> {
  const map = new StructMap<Piece>();
  for (const piece of pieces) map.add(piece.client, piece.clock, piece.clock + piece.text.length, piece);
  return map;
}
