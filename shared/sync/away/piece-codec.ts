import type { Writer } from './attribution.ts';
import type { AwaySide } from './away-summary.ts';
import type { Piece } from './piece.ts';

interface Decoded {
  readonly pieces: readonly Piece[];
  readonly undone: AwaySide | undefined;
}

/** For {@link decodePieces}. */
export function encodePieces(pieces: readonly Piece[], undone: AwaySide | undefined): string {
  const clients = [...new Set(pieces.map(({ client }) => client))];
  const places = new Map(clients.map((client, place) => [client, place]));
  const encoded = pieces.map(({ client, clock, text, writer, deletedBy }) => {
    const place = [text, places.get(client), clock];
    if (deletedBy) return [...place, writer, deletedBy];
    return writer === 'base' ? place : [...place, writer];
  });
  return JSON.stringify({ clients, pieces: encoded, undone });
}

/** Reads what {@link encodePieces} gave. Throws TypeError when it is something else. */
export function decodePieces(encoded: string): Decoded {
  const value: unknown = JSON.parse(encoded);
  if (typeof value !== 'object' || value === null || !('clients' in value) || !('pieces' in value)) throw damaged();
  const { clients, pieces } = value;
  const undone = 'undone' in value ? value.undone : undefined;
  if (!Array.isArray(clients) || !Array.isArray(pieces) || !(undone === undefined || isSide(undone))) throw damaged();
  const known: readonly unknown[] = clients;
  return { pieces: pieces.map((piece) => readPiece(piece, known)), undone };
}

function readPiece(value: unknown, clients: readonly unknown[]): Piece {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [];
  const [text, place, clock, writer = 'base', deletedBy] = parts;
  const client = typeof place === 'number' ? clients[place] : undefined;
  if (typeof text !== 'string' || typeof client !== 'number' || typeof clock !== 'number') throw damaged();
  if (!isWriter(writer) || !(deletedBy === undefined || deletedBy === 'both' || isSide(deletedBy))) throw damaged();
  return { text, client, clock, writer, deletedBy };
}

function isSide(value: unknown): value is AwaySide {
  return value === 'theirs' || value === 'mine';
}

function isWriter(value: unknown): value is Writer {
  return value === 'base' || isSide(value);
}

function damaged(): TypeError {
  return new TypeError('the kept layers of a text are damaged');
}
