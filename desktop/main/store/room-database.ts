import type Database from 'better-sqlite3';
import type { Scheduler } from '../../../shared/lifecycle/index.ts';
import * as Y from 'yjs';
import { toBlob } from './blobs.ts';
import { GroupCommit } from './group-commit.ts';
import { DamagedDatabaseError, openDatabase } from './open-database.ts';
import { ROOM_SCHEMA } from './room-schema.ts';
import { salvageUpdates, setAside } from './set-aside.ts';
import { toOfflineStoreError } from './sqlite-failure.ts';

/** As the pragma says it. */
const INCREMENTAL = 2;
const MAX_REWRITTEN_BYTES = 64 * 1024 * 1024;

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
  readonly scheduler: Scheduler;
  /** Set when the file was damaged and begun anew. */
  readonly damage: DamageReport | undefined;

  /** Throws OfflineStoreError. */
  constructor({ path, scheduler, maxFileBytes }: RoomDatabaseOptions) {
    this.path = path;
    this.scheduler = scheduler;
    const opened = openOrRepair(path, scheduler.now());
    this.database = opened.database;
    this.damage = opened.damage;
    if (maxFileBytes !== undefined) {
      const pageBytes = Number(this.database.pragma('page_size', { simple: true }));
      this.database.pragma(`max_page_count = ${Math.max(1, Math.floor(maxFileBytes / pageBytes))}`);
    }
    this.writes = new GroupCommit(this.database, scheduler, (error) => toOfflineStoreError(error, path));
  }

  /** Whether nothing was ever stored here. */
  get isBlank(): boolean {
    const kept = this.database.prepare(
      'SELECT EXISTS (SELECT 1 FROM updates) OR EXISTS (SELECT 1 FROM cursors) OR EXISTS (SELECT 1 FROM mirror_base)',
    );
    return kept.pluck().get() === 0;
  }

  /** Commits what is pending and closes the file. */
  close(): void {
    if (!this.database.open) return;
    this.writes.dispose();
    this.prepareToShrink();
    this.database.close();
  }

  /** A file of an early version keeps its free pages until it has been written anew once. */
  private prepareToShrink(): void {
    const read = (name: string) => Number(this.database.pragma(name, { simple: true }));
    if (read('auto_vacuum') === INCREMENTAL || read('page_count') * read('page_size') > MAX_REWRITTEN_BYTES) return;
    try {
      this.database.pragma('auto_vacuum = INCREMENTAL');
      this.database.exec('VACUUM');
    } catch {
      // Such as a full disk: the file is as it was, and the next closing tries again.
    }
  }
}

function openOrRepair(path: string, nowMs: number): { database: Database.Database; damage: DamageReport | undefined } {
  try {
    return { database: openDatabase(path, ROOM_SCHEMA), damage: undefined };
  } catch (error) {
    if (!(error instanceof DamagedDatabaseError)) throw error;
    return repair(path, nowMs);
  }
}

function repair(path: string, nowMs: number): { database: Database.Database; damage: DamageReport } {
  const setAsidePath = setAside(path, nowMs);
  const updates = salvageUpdates(setAsidePath).filter(({ payload }) => isUpdate(payload));
  const database = openDatabase(path, ROOM_SCHEMA);
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
