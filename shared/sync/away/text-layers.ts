import { applyTextEdits, diskEdits, rebaseEdits, type TextEdit } from '../../workspace/index.ts';
import type { AwaySide, ChangeSize } from './away-summary.ts';

/** Looking for the difference of two texts takes at most so long; past it the layers become coarser, never wrong. */
const DIFF_DEADLINE_MS = 100;

/** Who a text was written by: `base` was there before anybody left. */
export type Writer = 'base' | AwaySide;

interface Piece {
  readonly text: string;
  readonly writer: Writer;
  /** Who deleted it; undefined while it is there. */
  readonly deletedBy: AwaySide | undefined;
}

/** A change of the text as it is, by places in it: text that stays, is deleted or comes. */
export type TextStep =
  | { readonly kind: 'retain'; readonly length: number }
  | { readonly kind: 'delete'; readonly length: number }
  | { readonly kind: 'insert'; readonly text: string };

/** A part of the merged text in which edits of both sides lie on one line, or touch; UTF-16 offsets. */
export interface OverlapSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * A text with who inserted and who deleted what since somebody left. It tells the text of each side alone and how to
 * take one side's edits back, whatever the order in which they came.
 */
export class TextLayers {
  private readonly pieces: readonly Piece[];

  private constructor(pieces: readonly Piece[]) {
    this.pieces = joinAlike(pieces);
  }

  /** A text that nobody has changed yet. */
  static of(base: string): TextLayers {
    return new TextLayers([{ text: base, writer: 'base', deletedBy: undefined }]);
  }

  /** Layers whose parts are these texts. `merged` came from `mine` by edits of others, and `mine` from `base`. */
  static between(base: string, mine: string, merged: string): TextLayers {
    return TextLayers.of(base).become(mine, 'mine').become(merged, 'theirs');
  }

  /** Reads what {@link encode} gave. Throws when it is something else. */
  static decode(encoded: string): TextLayers {
    const value: unknown = JSON.parse(encoded);
    if (!Array.isArray(value)) throw new TypeError('the kept layers of a text are damaged');
    const pieces: readonly unknown[] = value;
    return new TextLayers(pieces.map(readPiece));
  }

  /** For {@link decode}. */
  encode(): string {
    return JSON.stringify(this.pieces.map(({ text, writer, deletedBy }) => [text, writer, deletedBy ?? '']));
  }

  /** Characters that are kept, with those that were deleted. */
  get length(): number {
    return this.pieces.reduce((sum, { text }) => sum + text.length, 0);
  }

  get base(): string {
    return this.read(({ writer }) => writer === 'base');
  }

  get merged(): string {
    return this.read(isThere);
  }

  /** The text with the edits of one side only. */
  only(side: AwaySide): string {
    return this.read(({ writer, deletedBy }) => (writer === 'base' || writer === side) && deletedBy !== side);
  }

  /** Whether the text would be another one without the edits of `side`. */
  isChangedBy(side: AwaySide): boolean {
    return this.pieces.some((piece) => isOf(piece, side));
  }

  sizeOf(side: AwaySide): ChangeSize {
    let inserted = 0;
    let deleted = 0;
    for (const { text, writer, deletedBy } of this.pieces) {
      if (writer === side) inserted += text.length;
      if (deletedBy === side) deleted += text.length;
    }
    return { inserted, deleted };
  }

  /** As it is after `writer` has changed the merged text. What `base` does counts for nobody. */
  apply(steps: readonly TextStep[], writer: Writer): TextLayers {
    const result: Piece[] = [];
    const rest = [...this.pieces].toReversed();
    const take = (length: number, change: (piece: Piece) => readonly Piece[]) => {
      let left = length;
      while (left > 0) {
        const piece = rest.pop();
        if (!piece) throw new RangeError('a change reaches beyond the end of its text');
        if (!isThere(piece)) {
          result.push(piece);
          continue;
        }
        const part = piece.text.slice(0, left);
        result.push(...change({ ...piece, text: part }));
        if (part.length < piece.text.length) rest.push({ ...piece, text: piece.text.slice(part.length) });
        left -= part.length;
      }
    };
    for (const step of steps) {
      if (step.kind === 'insert') result.push({ text: step.text, writer, deletedBy: undefined });
      else if (step.kind === 'retain') take(step.length, (piece) => [piece]);
      else take(step.length, (piece) => deleteBy(piece, writer));
    }
    return new TextLayers([...result, ...rest.toReversed()]);
  }

  /** As it is after `writer` has made the merged text into `text`, in whatever way. */
  become(text: string, writer: AwaySide): TextLayers {
    const { merged } = this;
    if (merged === text) return this;
    return this.apply(toSteps(diskEdits(merged, text, DIFF_DEADLINE_MS)), writer);
  }

  /** The edits of the merged text that take those of `side` back. */
  editsWithout(side: AwaySide): TextEdit[] {
    const edits: TextEdit[] = [];
    let offset = 0;
    for (const piece of this.pieces) {
      if (isThere(piece)) {
        if (piece.writer === side) edits.push({ offset, deleteLength: piece.text.length, insert: '' });
        offset += piece.text.length;
      } else if (piece.deletedBy === side && piece.writer !== side) {
        edits.push({ offset, deleteLength: 0, insert: piece.text });
      }
    }
    return joinTouching(edits);
  }

  /** Where both sides changed the same lines. */
  findOverlaps(): OverlapSpan[] {
    const finder = new OverlapFinder();
    for (const piece of this.pieces) finder.take(piece);
    return finder.finish();
  }

  /**
   * These layers on top of earlier ones, whose merged text the base of these came from by edits that count for
   * nobody: both changes then are one.
   */
  after(earlier: TextLayers): TextLayers {
    const from = earlier.merged;
    const carry = (text: string, edits: readonly TextEdit[]) => applyTextEdits(text, rebaseEdits(from, text, edits));
    const base = carry(this.base, diskEdits(from, earlier.base, DIFF_DEADLINE_MS));
    const mine = carry(this.only('mine'), earlier.editsWithout('theirs'));
    return TextLayers.between(base, mine, this.merged);
  }

  private read(isShown: (piece: Piece) => boolean): string {
    return this.pieces
      .filter(isShown)
      .map(({ text }) => text)
      .join('');
  }
}

/** {@link TextEdit}s as steps. */
export function toSteps(edits: readonly TextEdit[]): TextStep[] {
  const steps: TextStep[] = [];
  let position = 0;
  for (const { offset, deleteLength, insert } of edits) {
    if (offset > position) steps.push({ kind: 'retain', length: offset - position });
    if (deleteLength > 0) steps.push({ kind: 'delete', length: deleteLength });
    if (insert !== '') steps.push({ kind: 'insert', text: insert });
    position = offset + deleteLength;
  }
  return steps;
}

function isThere({ deletedBy }: Piece): boolean {
  return deletedBy === undefined;
}

/** Whether a piece is there, or is not, because of one side. */
function isOf({ writer, deletedBy }: Piece, side: AwaySide): boolean {
  return writer === side || deletedBy === side;
}

/** What somebody wrote and deleted again never was. */
function deleteBy(piece: Piece, writer: Writer): readonly Piece[] {
  return writer === 'base' || piece.writer === writer ? [] : [{ ...piece, deletedBy: writer }];
}

function joinAlike(pieces: readonly Piece[]): readonly Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (piece.text === '') continue;
    if (last?.writer === piece.writer && last.deletedBy === piece.deletedBy) {
      joined[joined.length - 1] = { ...last, text: last.text + piece.text };
    } else joined.push(piece);
  }
  return joined;
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

/** Collects changed pieces with no whole line between them, and keeps the groups that both sides changed. */
class OverlapFinder {
  private readonly found: OverlapSpan[] = [];
  private offset = 0;
  private start: number | undefined;
  private end = 0;
  private readonly sides = new Set<AwaySide>();

  take(piece: Piece): void {
    const length = isThere(piece) ? piece.text.length : 0;
    if (piece.writer === 'base' && isThere(piece)) {
      if (piece.text.includes('\n')) this.closeGroup();
    } else {
      this.start ??= this.offset;
      this.end = this.offset + length;
      for (const side of ['theirs', 'mine'] as const) if (isOf(piece, side)) this.sides.add(side);
    }
    this.offset += length;
  }

  finish(): OverlapSpan[] {
    this.closeGroup();
    return this.found;
  }

  private closeGroup(): void {
    if (this.start !== undefined && this.sides.size === 2) this.found.push({ start: this.start, end: this.end });
    this.start = undefined;
    this.sides.clear();
  }
}

function readPiece(value: unknown): Piece {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [];
  const [text, writer, deletedBy] = parts;
  const isSide = (side: unknown): side is AwaySide => side === 'theirs' || side === 'mine';
  if (typeof text !== 'string' || !(writer === 'base' || isSide(writer)) || !(deletedBy === '' || isSide(deletedBy))) {
    throw new TypeError('a kept piece of a text is damaged');
  }
  return { text, writer, deletedBy: deletedBy === '' ? undefined : deletedBy };
}
