import type { Writer } from './attribution.ts';
import type { AwaySide } from './away-summary.ts';

/** A stretch of a text that was written by one, and deleted by nobody or by some. */
export interface Piece {
  /** The first struct that it is in, or was in. */
  readonly client: number;
  readonly clock: number;
  readonly text: string;
  readonly writer: Writer;
  /** Who deleted it while somebody was away. */
  readonly deletedBy: AwaySide | 'both' | undefined;
  /** Whether it is in the text, whatever was taken back or typed since. */
  readonly isHere: boolean;
  /** It came or went when self took something back, and goes or comes when self restores that. */
  readonly isTaken: boolean;
  /** The struct in which it was first, where it is in a copy now. */
  readonly from: PieceOrigin | undefined;
  /** What counts for somebody else is a copy of it in the text. */
  readonly isCovered: boolean;
}

export interface PieceOrigin {
  readonly client: number;
  readonly clock: number;
}

/** A piece that was never taken back. */
export function createPiece(
  piece: Pick<Piece, 'client' | 'clock' | 'text'> & Partial<Pick<Piece, 'writer' | 'deletedBy'>>,
): Piece {
  const isHere = piece.deletedBy === undefined;
  return {
    ...{ writer: 'base', deletedBy: undefined, isTaken: false, from: undefined, isCovered: false },
    ...piece,
    isHere,
  };
}

export function isDeletedBy({ deletedBy }: Piece, side: AwaySide): boolean {
  return deletedBy === side || deletedBy === 'both';
}

/** Whether a piece is there, or is not, because of one side. */
export function isOf(piece: Piece, side: AwaySide): boolean {
  return piece.writer === side || isDeletedBy(piece, side);
}

/** Whether a piece has been there before anybody left, and all left it there. */
export function isOfNobody({ writer, deletedBy }: Piece): boolean {
  return writer === 'base' && deletedBy === undefined;
}

/** A part of a piece; offsets in its text. */
export function partOf(piece: Piece, start: number, end: number): Piece {
  const { clock, text, from } = piece;
  return {
    ...piece,
    clock: clock + start,
    text: text.slice(start, end),
    from: from && { client: from.client, clock: from.clock + start },
  };
}

/** What goes on in the next struct is one piece. */
export function joinAlike(pieces: readonly Piece[]): readonly Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    if (piece.text === '') continue;
    const last = joined.at(-1);
    if (last && goesOn(last, piece)) joined[joined.length - 1] = { ...last, text: last.text + piece.text };
    else joined.push(piece);
  }
  return joined;
}

function goesOn(last: Piece, next: Piece): boolean {
  if (last.writer !== next.writer || last.deletedBy !== next.deletedBy) return false;
  if (last.isHere !== next.isHere || last.isTaken !== next.isTaken || last.isCovered !== next.isCovered) return false;
  const { length } = last.text;
  if (last.client !== next.client || last.clock + length !== next.clock) return false;
  if (!last.from || !next.from) return last.from === next.from;
  return last.from.client === next.from.client && last.from.clock + length === next.from.clock;
}
