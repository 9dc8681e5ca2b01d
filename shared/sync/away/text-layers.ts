import type * as Y from 'yjs';
import type { TextEdit } from '../../workspace/index.ts';
import type { Attributed, Attribution, Writer } from './attribution.ts';
import type { AwaySide, ChangeSize } from './away-summary.ts';
import { findOverlaps, type OverlapSpan } from './overlap-spans.ts';
import { StructMap } from './struct-map.ts';
import { stretchesOf } from './text-items.ts';
import { decodePieces, encodePieces } from './piece-codec.ts';
import { isDeletedBy, isOf, joinAlike, type Piece } from './piece.ts';

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

  private constructor(pieces: readonly Piece[], undone?: AwaySide) {
    this.pieces = joinAlike(pieces);
    this.undone = undone;
    this.length = this.pieces.reduce((sum, { text }) => sum + text.length, 0);
  }

  /** A text that nobody has changed yet. */
  static of(text: Y.Text): TextLayers {
    const pieces: Piece[] = [];
    for (const { client, clock, text: there } of stretchesOf(text)) {
      if (there !== undefined) pieces.push({ client, clock, text: there, writer: 'base', deletedBy: undefined });
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
    return this.read((piece) => this.isThere(piece));
  }

  /** The text with the edits of one side only. */
  only(side: AwaySide): string {
    return this.read((piece) => (piece.writer === 'base' || piece.writer === side) && !isDeletedBy(piece, side));
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

  /** As `text` is now, by what is told of all that is new in it. What `base` does counts for nobody. */
  advance(text: Y.Text, by: Attribution): TextLayers {
    const known = this.byStruct();
    const pieces: Piece[] = [];
    for (const stretch of stretchesOf(text)) {
      const { client, clock: first, length } = stretch;
      for (let clock = first; clock < first + length;) {
        const found = known.at(client, clock);
        const told = by.at(client, clock);
        const end = Math.min(first + length, found.until, told.until);
        const there = stretch.text?.slice(clock - first, end - first);
        const piece = found.value ? cut(found.value, clock, end, there) : create(client, clock, end, told, there);
        if (piece) pieces.push(...(there === undefined ? this.lose(piece, told) : [piece]));
        clock = end;
      }
    }
    return new TextLayers(pieces, this.undone);
  }

  /**
   * As `text` is now, where all that is new counts for nobody. Unlike in {@link advance}, what is not there keeps its
   * place although others of its kind were brought back beside it.
   */
  follow(text: Y.Text): TextLayers {
    const found = this.find(text).toReversed();
    const pieces: Piece[] = [];
    for (const piece of this.pieces) {
      if (!this.isThere(piece)) pieces.push(piece);
      for (let next = found.findLastIndex(({ owner }) => owner); found[next]?.owner === piece;) {
        pieces.push(
          ...found
            .splice(next)
            .map(({ part }) => part)
            .toReversed(),
        );
        next = found.findLastIndex(({ owner }) => owner);
      }
    }
    return new TextLayers([...pieces, ...found.map(({ part }) => part).toReversed()], this.undone);
  }

  /** The edits of the text that take those of `side` back. */
  editsWithout(side: AwaySide): TextEdit[] {
    return this.editsTo(new TextLayers(this.pieces, side));
  }

  /** The edits of the text that bring back what is undone. */
  editsRestoring(): TextEdit[] {
    return this.editsTo(new TextLayers(this.pieces));
  }

  /** The same with the edits of `side` undone, or of nobody, once they are so in `text`. */
  undoing(side: AwaySide | undefined, text: Y.Text): TextLayers {
    const changed = new TextLayers(this.pieces, side);
    return new TextLayers(changed.identify(text), side);
  }

  /** What is undone never was. */
  settled(): TextLayers {
    const { undone } = this;
    if (!undone) return this;
    const other = undone === 'mine' ? 'theirs' : 'mine';
    const pieces = this.pieces.flatMap((piece): Piece[] => {
      if (piece.writer === undone) return [];
      if (piece.deletedBy === 'both') return [{ ...piece, deletedBy: other }];
      return [piece.deletedBy === undone ? { ...piece, deletedBy: undefined } : piece];
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
    return earlier.settled().advance(text, {
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

  private isThere({ writer, deletedBy }: Piece): boolean {
    const { undone } = this;
    if (undone && writer === undone) return false;
    return deletedBy === undefined || deletedBy === undone;
  }

  /** A piece that is not in the text any more. */
  private lose(piece: Piece, { deletedBy, isAlsoTheirs }: Attributed): readonly Piece[] {
    if (!this.isThere(piece))
      return [isAlsoTheirs && piece.deletedBy === 'mine' ? { ...piece, deletedBy: 'both' } : piece];
    const [first = 'base', second] = deletedBy;
    // What somebody wrote and deleted again never was; what counts for nobody is no change.
    const isOwn = piece.writer !== 'base' && deletedBy.includes(piece.writer);
    if (isOwn || first === 'base' || piece.deletedBy !== undefined) return [];
    return [{ ...piece, deletedBy: second ? 'both' : first }];
  }

  /** What is in a text now, with the pieces that it is of; undefined for what is new. */
  private find(text: Y.Text): { readonly part: Piece; readonly owner: Piece | undefined }[] {
    const known = this.byStruct();
    const found: { readonly part: Piece; readonly owner: Piece | undefined }[] = [];
    for (const { client, clock: first, length, text: there } of stretchesOf(text)) {
      if (there === undefined) continue;
      for (let clock = first; clock < first + length;) {
        const { value, until } = known.at(client, clock);
        const end = Math.min(first + length, until);
        const owner = value && this.isThere(value) ? value : undefined;
        const { writer, deletedBy } = owner ?? { writer: 'base', deletedBy: undefined };
        found.push({
          part: { client, clock, text: there.slice(clock - first, end - first), writer, deletedBy },
          owner,
        });
        clock = end;
      }
    }
    return found;
  }

  private editsTo(other: TextLayers): TextEdit[] {
    const edits: TextEdit[] = [];
    let offset = 0;
    for (const piece of this.pieces) {
      const { length } = piece.text;
      const [isHere, isWanted] = [this.isThere(piece), other.isThere(piece)];
      if (isHere && !isWanted) edits.push({ offset, deleteLength: length, insert: '' });
      if (!isHere && isWanted) edits.push({ offset, deleteLength: 0, insert: piece.text });
      if (isHere) offset += length;
    }
    return joinTouching(edits);
  }

  /** The pieces by the structs that they are in now: what was brought back has others than before. */
  private identify(text: Y.Text): readonly Piece[] {
    const stretches = [...stretchesOf(text)].filter((stretch) => stretch.text !== undefined).toReversed();
    let used = 0;
    return this.pieces.flatMap((piece): readonly Piece[] => {
      if (!this.isThere(piece)) return [piece];
      const parts: Piece[] = [];
      for (let rest = piece.text; rest !== '';) {
        const stretch = stretches.at(-1);
        if (!stretch) return [...parts, { ...piece, text: rest }];
        const part = rest.slice(0, stretch.length - used);
        parts.push({ ...piece, client: stretch.client, clock: stretch.clock + used, text: part });
        rest = rest.slice(part.length);
        used += part.length;
        if (used < stretch.length) continue;
        used = 0;
        stretches.pop();
      }
      return parts;
    });
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
  return { ...piece, clock: from, text: there ?? piece.text.slice(from - piece.clock, to - piece.clock) };
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
  return text === undefined ? undefined : { client, clock, text, writer, deletedBy: undefined };
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
