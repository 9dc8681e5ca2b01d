import type * as Y from 'yjs';
import type { TextEdit } from '../../workspace/index.ts';
import type { Attributed, Attribution, Writer } from './attribution.ts';
import type { AwaySide, ChangeSize } from './away-summary.ts';
import { findOverlaps, type OverlapSpan } from './overlap-spans.ts';
import { adoptCopies, followText } from './followed-text.ts';
import { RestoredCopies, type RestoredCopy } from './restored-copies.ts';
import { StructMap } from './struct-map.ts';
import { stretchesOf, type TextItem, type TextStretch } from './text-items.ts';
import { decodePieces, encodePieces } from './piece-codec.ts';
import {
  createPiece,
  isDeletedBy,
  isOf,
  isOfNobody,
  joinAlike,
  partOf,
  type Piece,
  type PieceOrigin,
} from './piece.ts';

/**
 * A text with who inserted and who deleted what since somebody left, struct by struct as Yjs has them. It tells the text
 * of each side alone and how to take one side's edits back, whatever the order in which they came.
 */
export class TextLayers {
  /** Whose edits are taken back for now. */
  readonly undone: AwaySide | undefined;
  /** Characters that are kept, with those that were deleted. */
  readonly length: number;
  private readonly pieces: readonly Piece[];
  private known: StructMap<Piece> | undefined;
  private firsts: StructMap<Piece> | undefined;

  private constructor(pieces: readonly Piece[], undone?: AwaySide) {
    this.pieces = joinAlike(pieces);
    this.undone = undone;
    this.length = this.pieces.reduce((sum, { text }) => sum + text.length, 0);
  }

  /** A text that nobody has changed yet. */
  static of(text: Y.Text): TextLayers {
    const pieces: Piece[] = [];
    for (const { client, clock, text: there } of stretchesOf(text)) {
      if (there !== undefined) pieces.push(createPiece({ client, clock, text: there }));
    }
    return new TextLayers(pieces);
  }

  /** Reads what {@link encode} gave. Throws TypeError when it is something else. */
  static decode(encoded: string): TextLayers {
    const { pieces, undone } = decodePieces(encoded);
    return new TextLayers(pieces, undone);
  }

  /** For {@link decode}. */
  encode(): string {
    return encodePieces(this.pieces, this.undone);
  }

  get base(): string {
    return this.read(({ writer }) => writer === 'base');
  }

  /** With the edits of both. */
  get merged(): string {
    return this.read(({ deletedBy }) => deletedBy === undefined);
  }

  /** As {@link merged}, but for what is undone. */
  get current(): string {
    return this.read(({ isHere }) => isHere);
  }

  /** The text with the edits of one side only. */
  only(side: AwaySide): string {
    return this.read((piece) => (piece.writer === 'base' || piece.writer === side) && !isDeletedBy(piece, side));
  }

  /** What these structs have as text, or had; undefined when that is not known. */
  textAt(client: number, clock: number, length: number): string | undefined {
    const [known, firsts] = [this.byStruct(), this.byFirst()];
    let text = '';
    while (text.length < length) {
      const at = clock + text.length;
      const own = known.at(client, at).value;
      const piece = own ?? firsts.at(client, at).value;
      if (!piece) return undefined;
      const start = at - (own ? piece.clock : (piece.from?.clock ?? at));
      text += piece.text.slice(start, start + length - text.length);
    }
    return text;
  }

  /** What is known of, but not there, by each of its structs. */
  *absent(): Generator<PieceOrigin & { readonly text: string }> {
    for (const { client, clock, text, from, isHere } of this.pieces) {
      if (isHere) continue;
      yield { client, clock, text };
      if (from) yield { ...from, text };
    }
  }

  /** Whether the text would be another one without the edits of `side`. */
  isChangedBy(side: AwaySide): boolean {
    return this.pieces.some((piece) => isOf(piece, side));
  }

  sizeOf(side: AwaySide): ChangeSize {
    let inserted = 0;
    let deleted = 0;
    for (const piece of this.pieces) {
      if (piece.writer === side) inserted += piece.text.length;
      if (isDeletedBy(piece, side)) deleted += piece.text.length;
    }
    return { inserted, deleted };
  }

  /** What one side wrote and deleted, without the text around it: {@link advance} finds that again, as of nobody. */
  traceOf(side: AwaySide): TextLayers {
    const pieces = this.pieces.flatMap((piece): Piece[] => {
      if (!isOf(piece, side)) return [];
      const deletedBy = isDeletedBy(piece, side) ? side : undefined;
      // What the other side wrote was there before for those who come later.
      if (piece.writer !== side) return deletedBy ? [{ ...piece, writer: 'base', deletedBy }] : [];
      return piece.deletedBy === undefined ? [piece] : [];
    });
    return new TextLayers(pieces);
  }

  /** Two traces of one text as one. */
  with(later: TextLayers): TextLayers {
    return new TextLayers([...this.pieces, ...later.pieces]);
  }

  /** As `text` is now, by what is told of all that is new in it. What `base` does counts for nobody. */
  advance(text: Y.Text, by: Attribution): TextLayers {
    const known = this.byStruct();
    const copied = this.byFirst();
    const pieces: Piece[] = [];
    for (const stretch of stretchesOf(text)) {
      const { client, clock: first, length } = stretch;
      for (let clock = first; clock < first + length;) {
        const found = known.at(client, clock);
        const told = by.at(client, clock);
        const copy = copied.at(client, clock);
        const end = Math.min(first + length, found.until, told.until, copy.until);
        const there = stretch.text?.slice(clock - first, end - first);
        const isKept = found.value === undefined && copy.value !== undefined;
        const piece = found.value ? cut(found.value, clock, end, there) : create(client, clock, end, told, there);
        if (piece && !isKept)
          pieces.push(...(there === undefined ? this.lose(piece, told) : [{ ...piece, isHere: true }]));
        clock = end;
      }
    }
    return new TextLayers(pieces, this.undone);
  }

  /**
   * As `text` is now, where all that is new counts for nobody, but for copies of what was in it. Unlike in
   * {@link advance}, what is not there keeps its place although others of its kind were brought back beside it.
   */
  follow(text: Y.Text): TextLayers {
    return new TextLayers(followText(this.pieces, text, RestoredCopies.of(text)), this.undone);
  }

  /** The same, where copies in the text are what they are copies of. */
  adopt(text: Y.Text): TextLayers {
    return new TextLayers(adoptCopies(this.pieces, text, RestoredCopies.of(text)), this.undone);
  }

  /** The same where the edits of `side` are undone already, as it stands in them. */
  undoneAlready(side: AwaySide): TextLayers {
    const pieces = this.pieces.map((piece) => {
      const { writer, deletedBy, isHere } = piece;
      const isTaken = writer === side ? deletedBy === undefined && !isHere : deletedBy === side && isHere;
      return { ...piece, isTaken };
    });
    return new TextLayers(pieces, side);
  }

  /** The edits of the text that take those of `side` back. */
  editsWithout(side: AwaySide): TextEdit[] {
    return this.editsTo(this.without(side));
  }

  /** The edits of the text that bring back what is undone. */
  editsRestoring(): TextEdit[] {
    return this.editsTo(this.restored());
  }

  /** The same with the edits of `side` undone, or of nobody, once they are so in `text`. */
  undoing(side: AwaySide | undefined, text: Y.Text): TextLayers {
    return this.take(side, text).layers;
  }

  /** As {@link undoing}, with which text is a copy of which since. */
  take(side: AwaySide | undefined, text: Y.Text): { readonly layers: TextLayers; readonly copies: RestoredCopy[] } {
    const wanted = side === undefined ? this.restored() : this.without(side);
    const stretches = new LivingStretches(text);
    const copies: RestoredCopy[] = [];
    const pieces = wanted.flatMap((piece, index): readonly Piece[] => {
      if (!piece.isHere) return [piece];
      const isCopy = this.pieces[index]?.isHere === false;
      let start = 0;
      return stretches.next(piece.text.length).map(({ client, clock, length }) => {
        const part = partOf(piece, start, start + length);
        start += length;
        if (!isCopy) return { ...part, client, clock };
        copies.push({ client, clock, length, fromClient: part.client, fromClock: part.clock });
        const from = part.from ?? { client: part.client, clock: part.clock };
        return { ...part, client, clock, from };
      });
    });
    return { layers: new TextLayers(pieces, side), copies };
  }

  /** What is there, with the structs in which it was first. */
  *items(): Generator<TextItem> {
    let offset = 0;
    for (const { client, clock, text, isHere, from } of this.pieces) {
      if (!isHere) continue;
      yield { client, clock, ...from, offset, length: text.length };
      offset += text.length;
    }
  }

  /** What is undone never was. */
  settled(): TextLayers {
    const { undone } = this;
    if (!undone) return this;
    const other = undone === 'mine' ? 'theirs' : 'mine';
    const pieces = this.pieces.flatMap((piece): Piece[] => {
      if (piece.writer === undone) return [];
      const settled = { ...piece, isTaken: false };
      if (piece.deletedBy === 'both') return [{ ...settled, deletedBy: other }];
      return [piece.deletedBy === undone && piece.isHere ? { ...settled, deletedBy: undefined } : settled];
    });
    return new TextLayers(pieces);
  }

  /** Where both sides changed the same lines. */
  findOverlaps(): OverlapSpan[] {
    return findOverlaps(this.pieces);
  }

  /** These layers of `text` on top of earlier ones: both changes then are one. What came between counts for nobody. */
  after(earlier: TextLayers, text: Y.Text): TextLayers {
    const known = this.byStruct();
    return earlier
      .settled()
      .adopt(text)
      .advance(text, {
        at(client, clock) {
          const { value: piece, until } = known.at(client, clock);
          if (!piece) return { writer: 'base', deletedBy: [], isAlsoTheirs: false, text: undefined, until };
          const { writer, deletedBy } = piece;
          const by: Writer[] = deletedBy === 'both' ? ['mine', 'theirs'] : deletedBy ? [deletedBy] : [];
          const text = piece.text.slice(clock - piece.clock);
          return { writer, deletedBy: by, isAlsoTheirs: false, text, until };
        },
      });
  }

  /** A piece that is not in the text any more. */
  private lose(piece: Piece, { deletedBy, isAlsoTheirs }: Attributed): readonly Piece[] {
    const isBoth = isAlsoTheirs && piece.deletedBy === 'mine' && !piece.from;
    if (!piece.isHere) return [isBoth ? { ...piece, deletedBy: 'both' } : piece];
    const lost = { ...piece, isHere: false };
    // It was brought back, and that was taken back.
    if (piece.deletedBy !== undefined) return [lost];
    const [first, second] = deletedBy;
    // What somebody wrote and deleted again never was; what counts for nobody is no change.
    if (first === 'base' || (piece.writer !== 'base' && deletedBy.includes(piece.writer))) return [];
    if (first === undefined) return isOfNobody(piece) ? [] : [lost];
    return [{ ...lost, deletedBy: second ? 'both' : first }];
  }

  private without(side: AwaySide): readonly Piece[] {
    return this.pieces.map((piece) => {
      if (piece.writer === side) return piece.isHere ? { ...piece, isHere: false, isTaken: true } : piece;
      const isLost = piece.deletedBy === side && !piece.isHere && !piece.isCovered;
      return isLost ? { ...piece, isHere: true, isTaken: true } : piece;
    });
  }

  private restored(): readonly Piece[] {
    return this.pieces.map((piece) => {
      const { isTaken, writer, isHere, isCovered } = piece;
      if (!isTaken) return piece;
      return { ...piece, isTaken: false, isHere: writer === this.undone && (isHere || !isCovered) };
    });
  }

  /** `wanted`: the same pieces, as they are to be. */
  private editsTo(wanted: readonly Piece[]): TextEdit[] {
    const edits: TextEdit[] = [];
    let offset = 0;
    for (const [index, { text, isHere }] of this.pieces.entries()) {
      const isWanted = wanted[index]?.isHere ?? isHere;
      if (isHere && !isWanted) edits.push({ offset, deleteLength: text.length, insert: '' });
      if (!isHere && isWanted) edits.push({ offset, deleteLength: 0, insert: text });
      if (isHere) offset += text.length;
    }
    return joinTouching(edits);
  }

  /** By the structs of which what is kept is a copy now. */
  private byFirst(): StructMap<Piece> {
    if (!this.firsts) {
      this.firsts = new StructMap();
      for (const piece of this.pieces)
        if (piece.from)
          this.firsts.add(piece.from.client, piece.from.clock, piece.from.clock + piece.text.length, piece);
    }
    return this.firsts;
  }

  private byStruct(): StructMap<Piece> {
    if (!this.known) {
      this.known = new StructMap();
      for (const piece of this.pieces)
        this.known.add(piece.client, piece.clock, piece.clock + piece.text.length, piece);
    }
    return this.known;
  }

  private read(isShown: (piece: Piece) => boolean): string {
    return this.pieces
      .filter(isShown)
      .map(({ text }) => text)
      .join('');
  }
}

function cut(piece: Piece, from: number, to: number, there: string | undefined): Piece {
  const part = partOf(piece, from - piece.clock, to - piece.clock);
  return there === undefined ? part : { ...part, text: there };
}

/** Undefined when nothing is known of what was deleted. */
function create(
  client: number,
  clock: number,
  end: number,
  { writer, text: lost }: Attributed,
  there: string | undefined,
): Piece | undefined {
  const text = there ?? lost?.slice(0, end - clock);
  return text === undefined ? undefined : createPiece({ client, clock, text, writer });
}

/** The structs of a text, one stretch after the other. */
class LivingStretches {
  private readonly rest: TextStretch[];
  private used = 0;

  constructor(text: Y.Text) {
    this.rest = [...stretchesOf(text)].filter((stretch) => stretch.text !== undefined).toReversed();
  }

  /** The next so many units; fewer where the text ends. */
  next(length: number): readonly Omit<TextStretch, 'text'>[] {
    const parts: Omit<TextStretch, 'text'>[] = [];
    for (let wanted = length; wanted > 0;) {
      const stretch = this.rest.at(-1);
      if (!stretch) break;
      const taken = Math.min(wanted, stretch.length - this.used);
      parts.push({ client: stretch.client, clock: stretch.clock + this.used, length: taken });
      wanted -= taken;
      this.used += taken;
      if (this.used < stretch.length) continue;
      this.used = 0;
      this.rest.pop();
    }
    return parts;
  }
}

/** One place has one edit. */
function joinTouching(edits: readonly TextEdit[]): TextEdit[] {
  const joined: TextEdit[] = [];
  for (const edit of edits) {
    const last = joined.at(-1);
    if (last && last.offset + last.deleteLength === edit.offset) {
      const { offset, deleteLength, insert } = last;
      joined[joined.length - 1] = {
        offset,
        deleteLength: deleteLength + edit.deleteLength,
        insert: insert + edit.insert,
      };
    } else joined.push(edit);
  }
  return joined;
}
