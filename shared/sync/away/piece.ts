import type { Writer } from './attribution.ts';
import type { AwaySide } from './away-summary.ts';

/** A stretch of a text that was written by one, and deleted by nobody or by some. */
export interface Piece {
  /** The first struct that it is in, or was in. */
  readonly client: number;
  readonly clock: number;
  readonly text: string;
  readonly writer: Writer;
  /** Undefined while it is there. */
  readonly deletedBy: AwaySide | 'both' | undefined;
}

export function isDeletedBy({ deletedBy }: Piece, side: AwaySide): boolean {
  return deletedBy === side || deletedBy === 'both';
}

/** Whether a piece is there, or is not, because of one side. */
export function isOf(piece: Piece, side: AwaySide): boolean {
  return piece.writer === side || isDeletedBy(piece, side);
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
  return last.client === next.client && last.clock + last.text.length === next.clock;
}
