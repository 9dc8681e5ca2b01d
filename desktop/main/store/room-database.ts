import type Database from 'better-sqlite3';
import type { Scheduler } from '../../../shared/lifecycle/index.ts';
import * as Y from 'yjs';
import { toBlob } from './blobs.ts';
import { GroupCommit } from './group-commit.ts';
import { DamagedDatabaseError, openDatabase } from './open-database.ts';
import { salvageUpdates, setAside } from './set-aside.ts';
import { toOfflineStoreError } from './sqlite-failure.ts';

const SCHEMA = {
  version: 1,
  sql: `
    CREATE TABLE IF NOT EXISTS updates (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      document TEXT NOT NULL,
      payload BLOB NOT NULL,
      is_unacked INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS updates_of_document ON updates (document, id);
    CREATE INDEX IF NOT EXISTS unacked_updates ON updates (document, id) WHERE is_unacked = 1;
    CREATE TABLE IF NOT EXISTS cursors (document TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS mirror_base (
      file_id TEXT PRIMARY KEY,
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      content TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS mirror_saving (
      file_id TEXT PRIMARY KEY,
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      content TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS mirror_moving (
      file_id TEXT PRIMARY KEY,
      from_path TEXT NOT NULL,
      to_path TEXT NOT NULL,
      identity TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS commits (synced INTEGER NOT NULL);
    INSERT INTO commits SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM commits)`,
};

export interface RoomDatabaseOptions {
  readonly path: string;
  readonly scheduler: Scheduler;
  /** The file may grow to this size; more counts as a full disk. Without it, the disk is the limit. */
  readonly maxFileBytes?: number;
}

/** What became of a damaged file. */
export interface DamageReport {
  /** Where the damaged file lies now. */
  readonly setAsidePath: string;
  readonly salvagedUpdates: number;
  /** For the person. */
  readonly explanation: string;
}

/** The database of one room on this device. Opened by one process at a time. */
export class RoomDatabase {
  readonly path: string;
  readonly database: Database.Database;
  readonly writes: GroupCommit;
  /** Set when the file was damaged and begun anew. */
  readonly damage: DamageReport | undefined;

  /** Throws OfflineStoreError. */
  constructor({ path, scheduler, maxFileBytes }: RoomDatabaseOptions) {
    this.path = path;
    const opened = openOrRepair(path, scheduler.now());
    this.database = opened.database;
    this.damage = opened.damage;
    if (maxFileBytes !== undefined) {
      const pageBytes = Number(this.database.pragma('page_size', { simple: true }));
      this.database.pragma(`max_page_count = ${Math.max(1, Math.floor(maxFileBytes / pageBytes))}`);
    }
    this.writes = new GroupCommit(this.database, scheduler, (error) => toOfflineStoreError(error, path));
  }

  /** Commits what is pending and closes the file. */
  close(): void {
    if (!this.database.open) return;
    this.writes.dispose();
    this.database.close();
  }
}

function openOrRepair(path: string, nowMs: number): { database: Database.Database; damage: DamageReport | undefined } {
  try {
    return { database: openDatabase(path, SCHEMA), damage: undefined };
  } catch (error) {
    if (!(error instanceof DamagedDatabaseError)) throw error;
    return repair(path, nowMs);
  }
}

function repair(path: string, nowMs: number): { database: Database.Database; damage: DamageReport } {
  const setAsidePath = setAside(path, nowMs);
  const updates = salvageUpdates(setAsidePath).filter(({ payload }) => isUpdate(payload));
  const database = openDatabase(path, SCHEMA);
  // Cursors are left behind: without them everything is compared with the relay again, which fills the holes.
  const insert = database.prepare('INSERT INTO updates (document, payload, is_unacked) VALUES (?, ?, ?)');
  database.transaction(() => {
    for (const { document, payload, isUnacked } of updates) insert.run(document, toBlob(payload), isUnacked ? 1 : 0);
  })();
  const explanation = `${path} was damaged. It is kept as ${setAsidePath}; ${updates.length} stored updates could be taken over, and the rest comes back from the relay.`;
  return { database, damage: { setAsidePath, salvagedUpdates: updates.length, explanation } };
}

function isUpdate(payload: Uint8Array): boolean {
  try {
    Y.decodeUpdate(payload);
    return true;
  } catch {
    return false;
  }
}
