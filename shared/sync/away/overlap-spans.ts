import type { AwaySide } from './away-summary.ts';
import { isOf, type Piece } from './piece.ts';

/** A part of the merged text in which edits of both sides lie on one line, or touch; UTF-16 offsets. */
export interface OverlapSpan {
  readonly start: number;
  readonly end: number;
}

/** Where both sides changed the same lines of a text. */
export function findOverlaps(pieces: readonly Piece[]): OverlapSpan[] {
  const finder = new OverlapFinder();
  for (const piece of pieces) finder.take(piece);
  return finder.finish();
}

/** Collects changed pieces with no whole line between them, and keeps the groups that both sides changed. */
class OverlapFinder {
  private readonly found: OverlapSpan[] = [];
  private offset = 0;
  private start: number | undefined;
  private end = 0;
  private readonly sides = new Set<AwaySide>();

  take(piece: Piece): void {
    const isThere = piece.deletedBy === undefined;
    const length = isThere ? piece.text.length : 0;
    if (piece.writer === 'base' && isThere) {
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
