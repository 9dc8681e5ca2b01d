import type Database from 'better-sqlite3';
import { isRole, type Role } from '../../../shared/access/index.ts';
import { fromBlob, toBlob } from './blobs.ts';
import type { SecretSeal } from './secret-seal.ts';

/** A room that this device joined by a link. */
export interface JoinedRoom {
  /** As in the link, without a trailing slash. */
  readonly relayUrl: string;
  readonly room: string;
  /** What the room is called, as far as it is known. */
  readonly name: string | undefined;
  /** Of the link that was used last. Undefined: it is sealed, and cannot be read by this process. */
  readonly secret: string | undefined;
  /** The last one that the relay granted. */
  readonly role: Role | undefined;
  /** The folder on this device that mirrors the room. */
  readonly folder: string | undefined;
  readonly openedMs: number;
}

/** To be part of the schema of the database that {@link JoinedRooms} works on. */
export const JOINED_ROOMS_SQL = `
    CREATE TABLE joined_rooms (
      relay_url TEXT NOT NULL,
      room TEXT NOT NULL,
      name TEXT,
      secret BLOB NOT NULL,
      is_sealed INTEGER NOT NULL,
      role TEXT,
      folder TEXT,
      opened_ms INTEGER NOT NULL,
      PRIMARY KEY (relay_url, room)
    );`;

type Row = Readonly<Record<string, unknown>>;

/** The rooms that were joined by a link, so that they open again without it. */
export class JoinedRooms {
  private readonly database: Database.Database;
  private readonly seal: SecretSeal | undefined;

  /** The database stays the caller's. Without a seal secrets are kept as they are. */
  constructor(database: Database.Database, seal: SecretSeal | undefined) {
    this.database = database;
    this.seal = seal;
  }

  /** Notes that a room was opened by the link with `secret`. Its name, role and folder stay as they were noted. */
  remember(relayUrl: string, room: string, secret: string, nowMs: number): void {
    const kept = this.seal?.seal(secret) ?? new TextEncoder().encode(secret);
    this.database
      .prepare(
        `INSERT INTO joined_rooms (relay_url, room, secret, is_sealed, opened_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (relay_url, room) DO UPDATE
         SET secret = excluded.secret, is_sealed = excluded.is_sealed, opened_ms = excluded.opened_ms`,
      )
      .run(relayUrl, room, toBlob(kept), this.seal ? 1 : 0, nowMs);
  }

  /** Notes what the relay said of a remembered room; what is undefined stays as it was. */
  describe(relayUrl: string, room: string, { name, role }: Pick<JoinedRoom, 'name' | 'role'>): void {
    this.database
      .prepare(
        'UPDATE joined_rooms SET name = coalesce(?, name), role = coalesce(?, role) WHERE relay_url = ? AND room = ?',
      )
      .run(name ?? null, role ?? null, relayUrl, room);
  }

  /** Notes the folder that mirrors a remembered room, or that none does. False: the room is not remembered. */
  setFolder(relayUrl: string, room: string, folder: string | undefined): boolean {
    const { changes } = this.database
      .prepare('UPDATE joined_rooms SET folder = ? WHERE relay_url = ? AND room = ?')
      .run(folder ?? null, relayUrl, room);
    return changes > 0;
  }

  find(relayUrl: string, room: string): JoinedRoom | undefined {
    const row = this.database
      .prepare<[string, string], Row>('SELECT * FROM joined_rooms WHERE relay_url = ? AND room = ?')
      .get(relayUrl, room);
    return row && this.read(row);
  }

  /** The last one opened first. */
  list(): readonly JoinedRoom[] {
    const rows = this.database.prepare<[], Row>('SELECT * FROM joined_rooms ORDER BY opened_ms DESC').all();
    return rows.map((row) => this.read(row));
  }

  forget(relayUrl: string, room: string): void {
    this.database.prepare('DELETE FROM joined_rooms WHERE relay_url = ? AND room = ?').run(relayUrl, room);
  }

  private read(row: Row): JoinedRoom {
    const { name, role, folder } = row;
    return {
      relayUrl: String(row['relay_url']),
      room: String(row['room']),
      name: typeof name === 'string' ? name : undefined,
      secret: this.readSecret(fromBlob(row['secret']), row['is_sealed'] === 1),
      role: isRole(role) ? role : undefined,
      folder: typeof folder === 'string' ? folder : undefined,
      openedMs: Number(row['opened_ms']),
    };
  }

  private readSecret(bytes: Uint8Array, isSealed: boolean): string | undefined {
    if (!isSealed) return new TextDecoder().decode(bytes);
    try {
      return this.seal?.unseal(bytes);
    } catch {
      // Sealed under another account or key store: the room opens from what this device has of it.
      return undefined;
    }
  }
}
