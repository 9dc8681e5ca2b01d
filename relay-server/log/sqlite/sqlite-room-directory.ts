import type Database from 'better-sqlite3';
import type { IssuedToken, LinkRecord, NewLink, RoomDirectory, RoomRecord } from '../room-directory.ts';
import { guardSqlite } from './sqlite-failure.ts';
import { type LinkRow, toLink } from '../database-rows.ts';

function prepareStatements(database: Database.Database) {
  return {
    createRoom: database.prepare<[string, string, string, number]>(
      'INSERT INTO rooms (tenant, room, name, created_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    findRoom: database.prepare<[string, string], { name: string; created_at_ms: number }>(
      'SELECT name, created_at_ms FROM rooms WHERE tenant = ? AND room = ?',
    ),
    addLink: database.prepare<
      [
        ...[tenant: string, linkId: string, room: string, role: string, label: string, secretHash: Uint8Array],
        ...[createdAtMs: number, expiresAtMs: number | null, maxUses: number | null],
        ...[needsApproval: number, paths: string | null, createdBy: string],
      ]
    >(
      `INSERT INTO links (tenant, link_id, room, role, label, secret_hash, created_at_ms, expires_at_ms, max_uses,
         needs_approval, paths, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    findLink: database.prepare<[string, string], LinkRow>('SELECT * FROM links WHERE tenant = ? AND link_id = ?'),
    findLinkBySecret: database.prepare<[string, Uint8Array], LinkRow>(
      'SELECT * FROM links WHERE room = ? AND secret_hash = ?',
    ),
    useLink: database.prepare<[string, string]>(
      `UPDATE links SET uses = uses + 1 WHERE tenant = ? AND link_id = ? AND (max_uses IS NULL OR uses < max_uses)
       AND closed_at_ms IS NULL AND revoked_at_ms IS NULL`,
    ),
    revokeLink: database.prepare<[number, string, string]>(
      'UPDATE links SET revoked_at_ms = coalesce(revoked_at_ms, ?) WHERE tenant = ? AND link_id = ?',
    ),
    forgetTokens: database.prepare<[number]>('DELETE FROM tokens WHERE expires_at_ms < ?'),
    addToken: database.prepare<[string, string, string, string, string | null, number]>(
      'INSERT INTO tokens (jti, tenant, room, subject, link_id, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    revokeToken: database.prepare<[number, string]>(
      'UPDATE tokens SET revoked_at_ms = coalesce(revoked_at_ms, ?) WHERE jti = ?',
    ),
    addRevokedSubject: database.prepare<[number, string]>(
      `INSERT INTO revoked_subjects (tenant, room, subject, revoked_at_ms)
       SELECT tenant, room, subject, ? FROM tokens WHERE jti = ? ON CONFLICT DO NOTHING`,
    ),
    isSubjectRevoked: database
      .prepare<[string, string, string], number>(
        'SELECT 1 FROM revoked_subjects WHERE tenant = ? AND room = ? AND subject = ?',
      )
      .pluck(),
    isTokenRevoked: database
      .prepare<[string], number>('SELECT 1 FROM tokens WHERE jti = ? AND revoked_at_ms IS NOT NULL')
      .pluck(),
  };
}

/** Rooms, links and token ids in the relay's SQLite file. */
export class SqliteRoomDirectory implements RoomDirectory {
  private readonly path: string;
  private readonly statements: ReturnType<typeof prepareStatements>;
  private readonly createRoomNow: Database.Transaction<(room: RoomRecord, firstLink?: NewLink) => boolean>;
  private readonly recordTokenNow: Database.Transaction<(token: IssuedToken, nowMs: number) => void>;
  private readonly revokeTokenNow: Database.Transaction<(jti: string, nowMs: number) => void>;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.path = path;
    this.statements = guardSqlite(path, () => prepareStatements(database));
    this.createRoomNow = database.transaction((room: RoomRecord, firstLink?: NewLink) => {
      const { tenant, name, createdAtMs } = room;
      const isNew = this.statements.createRoom.run(tenant, room.room, name, createdAtMs).changes === 1;
      if (isNew && firstLink) this.insertLink(firstLink);
      return isNew;
    });
    this.recordTokenNow = database.transaction((token: IssuedToken, nowMs: number) => {
      this.statements.forgetTokens.run(nowMs);
      const { jti, tenant, room, subject, linkId, expiresAtMs } = token;
      this.statements.addToken.run(jti, tenant, room, subject, linkId ?? null, expiresAtMs);
    });
    this.revokeTokenNow = database.transaction((jti: string, nowMs: number) => {
      this.statements.revokeToken.run(nowMs, jti);
      this.statements.addRevokedSubject.run(nowMs, jti);
    });
  }

  async createRoom(room: RoomRecord, firstLink?: NewLink): Promise<boolean> {
    return guardSqlite(this.path, () => this.createRoomNow.immediate(room, firstLink));
  }

  async findRoom(tenant: string, room: string): Promise<RoomRecord | undefined> {
    const row = guardSqlite(this.path, () => this.statements.findRoom.get(tenant, room));
    return row && { tenant, room, name: row.name, createdAtMs: row.created_at_ms };
  }

  async addLink(link: NewLink): Promise<void> {
    guardSqlite(this.path, () => this.insertLink(link));
  }

  private insertLink(link: NewLink): void {
    this.statements.addLink.run(
      link.tenant,
      link.linkId,
      link.room,
      link.role,
      link.label,
      link.secretHash,
      link.createdAtMs,
      link.expiresAtMs ?? null,
      link.maxUses ?? null,
      link.needsApproval ? 1 : 0,
      link.paths ? JSON.stringify(link.paths) : null,
      link.createdBy,
    );
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

  async revokeLink(tenant: string, linkId: string, nowMs: number): Promise<void> {
    guardSqlite(this.path, () => this.statements.revokeLink.run(nowMs, tenant, linkId));
  }

  async recordToken(token: IssuedToken, nowMs: number): Promise<void> {
    guardSqlite(this.path, () => this.recordTokenNow.immediate(token, nowMs));
  }

  async revokeToken(jti: string, nowMs: number): Promise<void> {
    guardSqlite(this.path, () => this.revokeTokenNow.immediate(jti, nowMs));
  }

  async isTokenRevoked(jti: string): Promise<boolean> {
    return guardSqlite(this.path, () => this.statements.isTokenRevoked.get(jti) !== undefined);
  }

  async isSubjectRevoked(tenant: string, room: string, subject: string): Promise<boolean> {
    return guardSqlite(this.path, () => this.statements.isSubjectRevoked.get(tenant, room, subject) !== undefined);
  }
}
