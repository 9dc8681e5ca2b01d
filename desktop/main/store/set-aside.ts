import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { fromBlob } from './blobs.ts';

const COMPANIONS = ['', '-wal', '-shm'] as const;

/** A row of the table of updates. */
export interface SalvagedUpdate {
  readonly document: string;
  readonly payload: Uint8Array;
  readonly isUnacked: boolean;
}

/** Renames a damaged database, so that it is kept; returns its new path. */
export function setAside(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(':', '-');
  const aside = path.replace(/(\.sqlite)?$/, `.damaged-${stamp}.sqlite`);
  for (const companion of COMPANIONS) {
    if (existsSync(path + companion)) renameSync(path + companion, aside + companion);
  }
  return aside;
}

/** Reads what can still be read of the updates in a damaged database. It works on a copy: reading can change a database. */
export function salvageUpdates(path: string): SalvagedUpdate[] {
  const copy = `${path}.reading`;
  try {
    for (const companion of ['', '-wal'] as const) {
      if (existsSync(path + companion)) copyFileSync(path + companion, copy + companion);
    }
    return readUpdates(copy);
  } finally {
    for (const companion of COMPANIONS) rmSync(copy + companion, { force: true });
  }
}

function readUpdates(path: string): SalvagedUpdate[] {
  let database: Database.Database | undefined;
  try {
    database = new Database(path);
    const rows = new Map<number, SalvagedUpdate>();
    // A damaged page ends a scan; the other direction reaches what lies behind it.
    for (const direction of ['ASC', 'DESC'] as const) readInDirection(database, direction, rows);
    return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
  } catch {
    // Not even the head of the file can be read: there is nothing to salvage, and the caller says so.
    return [];
  } finally {
    database?.close();
  }
}

function readInDirection(
  database: Database.Database,
  direction: 'ASC' | 'DESC',
  rows: Map<number, SalvagedUpdate>,
): void {
  const statement = database.prepare<[], Record<string, unknown>>(
    `SELECT id, document, payload, is_unacked FROM updates ORDER BY id ${direction}`,
  );
  try {
    for (const { id, document, payload, is_unacked: isUnacked } of statement.iterate()) {
      if (typeof id !== 'number' || typeof document !== 'string' || rows.has(id)) continue;
      rows.set(id, { document, payload: fromBlob(payload).slice(), isUnacked: isUnacked !== 0 });
    }
  } catch {
    // The scan has met the damage.
  }
}
