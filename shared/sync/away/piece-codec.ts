import type { Writer } from './attribution.ts';
import type { AwaySide } from './away-summary.ts';
import { createPiece, type Piece, type PieceOrigin } from './piece.ts';

interface Decoded {
  readonly pieces: readonly Piece[];
  readonly undone: AwaySide | undefined;
}

/** For {@link decodePieces}. */
export function encodePieces(pieces: readonly Piece[], undone: AwaySide | undefined): string {
  const clients = [...new Set(pieces.map(({ client }) => client))];
  const places = new Map(clients.map((client, place) => [client, place]));
  const encoded = pieces.map((piece) => {
    const { client, clock, text, writer, deletedBy } = piece;
    const place = [text, places.get(client), clock];
    const rest = encodeRest(piece, undone);
    if (rest) return [...place, writer, deletedBy ?? 0, rest];
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
  return { pieces: pieces.map((piece) => readPiece(piece, known, undone)), undone };
}

/** What cannot be told from who did what and what is undone. */
function encodeRest(piece: Piece, undone: AwaySide | undefined): object | undefined {
  const { isHere, isTaken, from } = piece;
  const usual = usualState(piece, undone);
  const rest = {
    ...(isHere !== usual.isHere && { isHere }),
    ...(isTaken !== usual.isTaken && { isTaken }),
    ...(from && { from: [from.client, from.clock] }),
  };
  return Object.keys(rest).length > 0 ? rest : undefined;
}

/** Where a piece is when nothing was done to it but what is undone. */
function usualState({ writer, deletedBy }: Piece, undone: AwaySide | undefined): Pick<Piece, 'isHere' | 'isTaken'> {
  const isMerged = deletedBy === undefined;
  const isWithout = undone === undefined ? isMerged : writer !== undone && (isMerged || deletedBy === undone);
  return { isHere: isWithout, isTaken: isWithout !== isMerged };
}

function readPiece(value: unknown, clients: readonly unknown[], undone: AwaySide | undefined): Piece {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [];
  const [text, place, clock, writer = 'base', deletion, rest] = parts;
  const client = typeof place === 'number' ? clients[place] : undefined;
  if (typeof text !== 'string' || typeof client !== 'number' || typeof clock !== 'number') throw damaged();
  const deletedBy = deletion === 0 ? undefined : deletion;
  if (!isWriter(writer) || !(deletedBy === undefined || deletedBy === 'both' || isSide(deletedBy))) throw damaged();
  const piece = createPiece({ text, client, clock, writer, deletedBy });
  return { ...piece, ...usualState(piece, undone), ...readRest(rest) };
}

function readRest(rest: unknown): Partial<Pick<Piece, 'isHere' | 'isTaken' | 'from'>> {
  if (typeof rest !== 'object' || rest === null) return {};
  return {
    ...('isHere' in rest && { isHere: rest.isHere === true }),
    ...('isTaken' in rest && { isTaken: rest.isTaken === true }),
    ...('from' in rest && { from: readOrigin(rest.from) }),
  };
}

function readOrigin(value: unknown): PieceOrigin {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [];
  const [client, clock] = parts;
  if (typeof client !== 'number' || typeof clock !== 'number') throw damaged();
  return { client, clock };
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
