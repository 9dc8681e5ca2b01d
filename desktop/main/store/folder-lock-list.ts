import { rmSync, statSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import Database from 'better-sqlite3';
import { isDamage, toOfflineStoreError } from './sqlite-failure.ts';

/** Others hold the list for one short change each. */
const BUSY_TIMEOUT_MS = 5_000;

/** A folder that was taken. It is only while its lock is held: a process that ended may have left it behind. */
export interface ListedFolder {
  /** Real path. */
  readonly folder: string;
  /** What the folder and those above it are, from itself up, however they are spelled; empty where that is not known. */
  readonly places: readonly string[];
}

/** How one folder lies to another. */
export type Nesting = 'same' | 'within' | 'above';

/** The folders that the Tuttis of one person have taken. */
export class FolderLockList {
  private readonly database: Database.Database;

  private constructor(database: Database.Database) {
    this.database = database;
  }

  /**
   * Reads and changes the list in the file at `path` while nobody else does; `change` runs again where the file is found to
   * be damaged. Throws OfflineStoreError.
   */
  static change<T>(path: string, change: (list: FolderLockList) => T): T {
    try {
      return FolderLockList.changeOnce(path, change);
    } catch (error) {
      if (!isDamage(error)) throw toOfflineStoreError(error, path, false);
      // Begun anew: the locks, which it only tells the folders of, are held all the same.
      for (const companion of ['', '-journal']) rmSync(path + companion, { force: true });
      return FolderLockList.changeOnce(path, change);
    }
  }

  private static changeOnce<T>(path: string, change: (list: FolderLockList) => T): T {
    const database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      // A loss of power ends all who have taken a folder.
      database.pragma('synchronous = OFF');
      return database
        .transaction(() => {
          database.exec('CREATE TABLE IF NOT EXISTS folders (folder TEXT PRIMARY KEY, places TEXT NOT NULL)');
          return change(new FolderLockList(database));
        })
        .immediate();
    } finally {
      database.close();
    }
  }

  all(): readonly ListedFolder[] {
    return this.database
      .prepare<[], Readonly<Record<string, unknown>>>('SELECT folder, places FROM folders')
      .all()
      .map(({ folder, places }) => ({ folder: String(folder), places: String(places).split(' ') }));
  }

  put({ folder, places }: ListedFolder): void {
    this.database
      .prepare('INSERT OR REPLACE INTO folders (folder, places) VALUES (?, ?)')
      .run(folder, places.join(' '));
  }

  remove(folder: string): void {
    this.database.prepare('DELETE FROM folders WHERE folder = ?').run(folder);
  }
}

/** What a folder is, given by its real path, to be compared with others. */
export function placeFolder(folder: string): ListedFolder {
  const places = [identify(folder)];
  for (let inner = folder, outer = dirname(folder); outer !== inner; inner = outer, outer = dirname(outer)) {
    places.push(identify(outer));
  }
  return { folder, places };
}

/** How `one` lies to `other`: they may be taken at the same time when it is undefined. */
export function nestingOf(one: ListedFolder, other: ListedFolder): Nesting | undefined {
  if (one.folder === other.folder || isSame(one, other)) return 'same';
  if (isWithin(one, other)) return 'within';
  return isWithin(other, one) ? 'above' : undefined;
}

function isSame({ places: [one] }: ListedFolder, { places: [other] }: ListedFolder): boolean {
  return one !== '' && one === other;
}

function isWithin(inner: ListedFolder, outer: ListedFolder): boolean {
  const [place = ''] = outer.places;
  const start = outer.folder.endsWith(sep) ? outer.folder : outer.folder + sep;
  return inner.folder.startsWith(start) || (place !== '' && inner.places.includes(place));
}

function identify(folder: string): string {
  try {
    const { dev, ino } = statSync(folder, { bigint: true });
    // A disk without such numbers says 0 for all.
    return ino === 0n ? '' : `${dev}:${ino}`;
  } catch {
    return '';
  }
}
