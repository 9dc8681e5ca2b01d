import { copyFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import * as Y from 'yjs';
import { CONTENT_TEXT } from '../shared/workspace/index.ts';
import type { Scheduler } from '../shared/lifecycle/index.ts';
import { GroupCommit } from '../desktop/main/store/group-commit.ts';
import { RoomDatabase } from '../desktop/main/store/room-database.ts';
import { toOfflineStoreError } from '../desktop/main/store/sqlite-failure.ts';
import type { SeededRandom } from '../shared/testing/seeded-random.ts';
import type { DeviceProcess } from './device-process.ts';
import { type LoggedCommits, readCommits } from './write-ahead-log.ts';

/** More frames than this were copied into the database at once, which brings all of them to the disk before. */
const CHECKPOINT_FRAMES = 200;
const NO_LIMIT_PAGES = 1_073_741_823;
/** `PRAGMA synchronous` of a commit that was brought to the disk. */
const FULL = 2;

/** Commits of a process that may end before or after each of them. */
class PassingCommit extends GroupCommit {
  process: DeviceProcess | undefined;
  onFlushed: (() => void) | undefined;

  override flush(): void {
    this.process?.pass();
    super.flush();
    this.onFlushed?.();
    this.process?.pass();
  }
}

class PassingDatabase extends RoomDatabase {
  override readonly writes: PassingCommit = this.replaceWrites();

  private replaceWrites(): PassingCommit {
    this.writes.dispose();
    return new PassingCommit(this.database, this.scheduler, (error) => toOfflineStoreError(error, this.path));
  }
}

/** The real database of a room, with what the disk would have of it if the process ended or the power failed now. */
export class CrashableDatabase {
  readonly room: RoomDatabase;
  private readonly path: string;
  private synced: LoggedCommits = { salt: '', ends: [], frames: 0 };

  constructor(path: string, scheduler: Scheduler, process: DeviceProcess) {
    this.path = path;
    const room = new PassingDatabase({ path, scheduler });
    room.writes.process = process;
    room.writes.onFlushed = () => this.noteSynced();
    this.room = room;
    // What was there when it was opened has been there for long.
    this.synced = this.readLog();
  }

  /** There is no room for it on the disk any more, or there is again. */
  set isFull(isFull: boolean) {
    const { database } = this.room;
    const pages = isFull ? Number(database.pragma('page_count', { simple: true })) : NO_LIMIT_PAGES;
    database.pragma(`max_page_count = ${pages}`);
  }

  /** The text of each of these documents that is kept in it. */
  readTexts(documents: ReadonlySet<string>): string[] {
    const rows = this.room.database.prepare<[], { document: string; payload: Buffer }>(
      'SELECT document, payload FROM updates ORDER BY id',
    );
    const docs = new Map<string, Y.Doc>();
    for (const { document, payload } of rows.all()) {
      if (!documents.has(document)) continue;
      const doc = docs.get(document) ?? new Y.Doc();
      docs.set(document, doc);
      Y.applyUpdate(doc, payload);
    }
    return [...docs.values()].map((doc) => doc.getText(CONTENT_TEXT).toString());
  }

  /** Copies it as another process would find it now. */
  copyTo(path: string): void {
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(this.path, path);
    if (existsSync(logOf(this.path))) copyFileSync(logOf(this.path), logOf(path));
  }

  /** How many bytes of the log a loss of power leaves, at random; undefined when all of it is safe. */
  pickSafeBytes(random: SeededRandom): number | undefined {
    const { salt, ends, frames } = this.readLog();
    if (frames >= CHECKPOINT_FRAMES || ends.length === 0) return undefined;
    const safe = salt === this.synced.salt ? (this.synced.ends.at(-1) ?? 0) : 0;
    return random.pick([safe, ...ends.filter((end) => end > safe)]);
  }

  close(): void {
    this.room.close();
  }

  private noteSynced(): void {
    const { database } = this.room;
    if (database.open && Number(database.pragma('synchronous', { simple: true })) === FULL)
      this.synced = this.readLog();
  }

  private readLog(): LoggedCommits {
    return existsSync(logOf(this.path)) ? readCommits(readFileSync(logOf(this.path))) : this.synced;
  }
}

/** Leaves so much of the log of a copied database. */
export function cutLog(path: string, bytes: number): void {
  truncateSync(logOf(path), bytes);
}

function logOf(path: string): string {
  return `${path}-wal`;
}
