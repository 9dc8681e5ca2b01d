import type Database from 'better-sqlite3';
import type { LinkRecord, NewLink, RoomDirectory, RoomRecord } from '../room-directory.ts';
import { guardSqlite } from './sqlite-failure.ts';
import { type LinkRow, toLink } from '../database-rows.ts';
import { prepareAddLink, prepareUseLink } from './add-link.ts';

function prepareStatements(database: Database.Database) {
  return {
    createRoom: database.prepare<[string, string, string, number]>(
      'INSERT INTO rooms (tenant, room, name, created_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    findRoom: database.prepare<[string, string], { name: string; created_at_ms: number }>(
      'SELECT name, created_at_ms FROM rooms WHERE tenant = ? AND room = ?',
    ),
    addLink: prepareAddLink(database),
    findLink: database.prepare<[string, string], LinkRow>('SELECT * FROM links WHERE tenant = ? AND link_id = ?'),
    findLinkBySecret: database.prepare<[string, Uint8Array], LinkRow>(
      'SELECT * FROM links WHERE room = ? AND secret_hash = ?',
    ),
    useLink: prepareUseLink(database),
  };
}

/** Rooms and links in the relay's SQLite file. */
export class SqliteRoomDirectory implements RoomDirectory {
  private readonly path: string;
  private readonly statements: ReturnType<typeof prepareStatements>;
  private readonly createRoomNow: Database.Transaction<(room: RoomRecord, firstLink?: NewLink) => boolean>;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.path = path;
    this.statements = guardSqlite(path, () => prepareStatements(database));
    this.createRoomNow = database.transaction((room: RoomRecord, firstLink?: NewLink) => {
      const { tenant, name, createdAtMs } = room;
      const isNew = this.statements.createRoom.run(tenant, room.room, name, createdAtMs).changes === 1;
      if (isNew && firstLink) this.statements.addLink(firstLink);
      return isNew;
    });
  }

  async createRoom(room: RoomRecord, firstLink?: NewLink): Promise<boolean> {
    return guardSqlite(this.path, () => this.createRoomNow.immediate(room, firstLink));
  }

  async findRoom(tenant: string, room: string): Promise<RoomRecord | undefined> {
    const row = guardSqlite(this.path, () => this.statements.findRoom.get(tenant, room));
    return row && { tenant, room, name: row.name, createdAtMs: row.created_at_ms };
  }

  async findLink(tenant: string, linkId: string): Promise<LinkRecord | undefined> {
    return guardSqlite(this.path, () => toLink(this.statements.findLink.get(tenant, linkId)));
  }

  async findLinkBySecret(room: string, secretHash: Uint8Array): Promise<LinkRecord | undefined> {
    return guardSqlite(this.path, () => toLink(this.statements.findLinkBySecret.get(room, secretHash)));
  }

  async useLink(tenant: string, linkId: string): Promise<boolean> {
    return guardSqlite(this.path, () => this.statements.useLink.run(tenant, linkId).changes === 1);
  }
}
