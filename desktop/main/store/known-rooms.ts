import type Database from 'better-sqlite3';
import { fromBlob, toBlob } from './blobs.ts';
import { SEALED_TEXTS_SQL, SealedTexts } from './sealed-texts.ts';
import { JOINED_ROOMS_SQL, JoinedRooms } from './joined-rooms.ts';
import { DamagedDatabaseError, type DatabaseSchema, openDatabase } from './open-database.ts';
import type { SecretSeal } from './secret-seal.ts';
import { setAside } from './set-aside.ts';

/** A room that this device made for a folder, or for no folder at all. */
export interface KnownRoom {
  readonly relayUrl: string;
  readonly room: string;
  /** Of the owner's own link. */
  readonly ownerSecret: string;
}

/** What is remembered of a folder. `sealed`: its owner secret is there, but cannot be read by this process. */
export type FoundRoom =
  | { readonly kind: 'none' }
  | { readonly kind: 'known'; readonly known: KnownRoom }
  | { readonly kind: 'sealed'; readonly relayUrl: string; readonly room: string };

/** A folder's room, as far as it is no secret. The folder is empty for this device's room without one. */
export interface FolderRoom {
  readonly folder: string;
  readonly relayUrl: string;
  readonly room: string;
  readonly openedMs: number;
}

export interface RememberOptions {
  readonly nowMs: number;
  /** Seals the secret where that is possible; else every start of this account can read it, with a window or not. */
  readonly isSealed: boolean;
}

const SCHEMA: DatabaseSchema = {
  steps: [
    `CREATE TABLE IF NOT EXISTS folder_rooms (
      folder TEXT PRIMARY KEY,
      relay_url TEXT NOT NULL,
      room TEXT NOT NULL,
      secret BLOB NOT NULL,
      is_sealed INTEGER NOT NULL,
      opened_ms INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)`,
    SEALED_TEXTS_SQL,
    JOINED_ROOMS_SQL,
  ],
};

const MAX_RECENT = 20;

/** What the app remembers between its starts: rooms by folder, and settings. Throws OfflineStoreError. */
export class KnownRooms {
  /** Where a damaged file was set aside at this start. */
  readonly setAsidePath: string | undefined;
  /** Secrets of the links that this device has made, by link id. */
  readonly linkSecrets: SealedTexts;
  /** The last token of each room, by the id of its share link's secret: they keep a person the same to the relay. */
  readonly lastTokens: SealedTexts;
  /** Keys of proposals that were sent. */
  readonly proposals: SealedTexts;
  /** Rooms that were joined by a link. */
  readonly joined: JoinedRooms;
  private readonly database: Database.Database;
  private readonly seal: SecretSeal | undefined;

  constructor(path: string, seal: SecretSeal | undefined, nowMs: number) {
    this.seal = seal;
    const opened = openOrBeginAnew(path, nowMs);
    this.database = opened.database;
    this.setAsidePath = opened.setAsidePath;
    // What is forgotten, such as the secret of a link, is not to stay in the file.
    this.database.pragma('secure_delete = ON');
    this.linkSecrets = new SealedTexts(this.database, seal, 'link');
    this.lastTokens = new SealedTexts(this.database, seal, 'token');
    this.proposals = new SealedTexts(this.database, undefined, 'proposal');
    this.joined = new JoinedRooms(this.database, seal);
  }

  find(folder: string): FoundRoom {
    const row = this.database
      .prepare<[string], Readonly<Record<string, unknown>>>(
        'SELECT relay_url, room, secret, is_sealed FROM folder_rooms WHERE folder = ?',
      )
      .get(folder);
    if (!row) return { kind: 'none' };
    const [relayUrl, room] = [String(row['relay_url']), String(row['room'])];
    const ownerSecret = this.readSecret(fromBlob(row['secret']), row['is_sealed'] === 1);
    if (ownerSecret === undefined) return { kind: 'sealed', relayUrl, room };
    return { kind: 'known', known: { relayUrl, room, ownerSecret } };
  }

  /** Notes the room of a folder in place of what was noted before: never do so for one that is `sealed`. */
  remember(folder: string, { relayUrl, room, ownerSecret }: KnownRoom, { nowMs, isSealed }: RememberOptions): void {
    const seal = isSealed ? this.seal : undefined;
    const secret = seal?.seal(ownerSecret) ?? new TextEncoder().encode(ownerSecret);
    this.database
      .prepare(
        `INSERT INTO folder_rooms (folder, relay_url, room, secret, is_sealed, opened_ms) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (folder) DO UPDATE SET relay_url = excluded.relay_url, room = excluded.room,
           secret = excluded.secret, is_sealed = excluded.is_sealed, opened_ms = excluded.opened_ms`,
      )
      .run(folder, relayUrl, room, toBlob(secret), seal ? 1 : 0, nowMs);
  }

  /** Notes that a folder was opened, and nothing else. */
  touch(folder: string, nowMs: number): void {
    this.database.prepare('UPDATE folder_rooms SET opened_ms = ? WHERE folder = ?').run(nowMs, folder);
  }

  /** Folders that were opened, the last one first. */
  listRecent(): readonly string[] {
    return this.database
      .prepare<[number], Readonly<Record<string, unknown>>>(
        `SELECT folder FROM folder_rooms WHERE folder <> '' ORDER BY opened_ms DESC LIMIT ?`,
      )
      .all(MAX_RECENT)
      .map(({ folder }) => String(folder));
  }

  /** Every room that this device made, the last one opened first. */
  listFolderRooms(): readonly FolderRoom[] {
    return this.database
      .prepare<[], Readonly<Record<string, unknown>>>(
        'SELECT folder, relay_url, room, opened_ms FROM folder_rooms ORDER BY opened_ms DESC',
      )
      .all()
      .map((row) => ({
        folder: String(row['folder']),
        relayUrl: String(row['relay_url']),
        room: String(row['room']),
        openedMs: Number(row['opened_ms']),
      }));
  }

  /** The next opening of the folder makes a new room. */
  forgetFolder(folder: string): void {
    this.database.prepare('DELETE FROM folder_rooms WHERE folder = ?').run(folder);
  }

  readSetting(name: string): string | undefined {
    const row = this.database
      .prepare<[string], Readonly<Record<string, unknown>>>('SELECT value FROM settings WHERE name = ?')
      .get(name);
    return row ? String(row['value']) : undefined;
  }

  writeSetting(name: string, value: string): void {
    this.database
      .prepare(
        'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      )
      .run(name, value);
  }

  close(): void {
    if (this.database.open) this.database.close();
  }

  private readSecret(bytes: Uint8Array, isSealed: boolean): string | undefined {
    if (!isSealed) return new TextDecoder().decode(bytes);
    try {
      return this.seal?.unseal(bytes);
    } catch {
      return undefined;
    }
  }
}

function openOrBeginAnew(path: string, nowMs: number) {
  try {
    return { database: openDatabase(path, SCHEMA), setAsidePath: undefined };
  } catch (error) {
    if (!(error instanceof DamagedDatabaseError)) throw error;
    const setAsidePath = setAside(path, nowMs);
    return { database: openDatabase(path, SCHEMA), setAsidePath };
  }
}
