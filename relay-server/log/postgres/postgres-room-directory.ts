import { type Kysely, sql } from 'kysely';
import type { IssuedToken, LinkRecord, NewLink, RoomDirectory, RoomRecord } from '../room-directory.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { RelayTables } from './schema.ts';
import { toLink } from '../database-rows.ts';

/** Rooms, links and token ids in the relay's Postgres database. */
export class PostgresRoomDirectory implements RoomDirectory {
  private readonly database: Kysely<RelayTables>;
  private readonly pool: ConnectionPool;

  /** `database` uses the connections of `pool`, which the caller keeps the ownership of. */
  constructor(database: Kysely<RelayTables>, pool: ConnectionPool) {
    this.database = database;
    this.pool = pool;
  }

  async createRoom(room: RoomRecord, firstLink?: NewLink): Promise<boolean> {
    return this.pool.guard(() =>
      this.database.transaction().execute(async (transaction) => {
        const added = await transaction
          .insertInto('rooms')
          .values({ tenant: room.tenant, room: room.room, name: room.name, created_at_ms: room.createdAtMs })
          .onConflict((conflict) => conflict.doNothing())
          .returning('room')
          .executeTakeFirst();
        if (added && firstLink) await insertLink(transaction, firstLink);
        return added !== undefined;
      }),
    );
  }

  async findRoom(tenant: string, room: string): Promise<RoomRecord | undefined> {
    const row = await this.pool.guard(() =>
      this.database
        .selectFrom('rooms')
        .select(['name', 'created_at_ms'])
        .where('tenant', '=', tenant)
        .where('room', '=', room)
        .executeTakeFirst(),
    );
    return row && { tenant, room, name: row.name, createdAtMs: row.created_at_ms };
  }

  async addLink(link: NewLink): Promise<void> {
    await this.pool.guard(() => insertLink(this.database, link));
  }

  async findLink(tenant: string, linkId: string): Promise<LinkRecord | undefined> {
    return this.pool.guard(async () =>
      toLink(
        await this.database
          .selectFrom('links')
          .selectAll()
          .where('tenant', '=', tenant)
          .where('link_id', '=', linkId)
          .executeTakeFirst(),
      ),
    );
  }

  async findLinkBySecret(room: string, secretHash: Uint8Array): Promise<LinkRecord | undefined> {
    return this.pool.guard(async () =>
      toLink(
        await this.database
          .selectFrom('links')
          .selectAll()
          .where('room', '=', room)
          .where('secret_hash', '=', Buffer.from(secretHash))
          .executeTakeFirst(),
      ),
    );
  }

  async useLink(tenant: string, linkId: string): Promise<boolean> {
    const used = await this.pool.guard(() =>
      this.database
        .updateTable('links')
        .set({ uses: sql<number>`uses + 1` })
        .where('tenant', '=', tenant)
        .where('link_id', '=', linkId)
        .where((is) => is.or([is('max_uses', 'is', null), is('uses', '<', is.ref('max_uses'))]))
        .where('closed_at_ms', 'is', null)
        .where('revoked_at_ms', 'is', null)
        .returning('link_id')
        .executeTakeFirst(),
    );
    return used !== undefined;
  }

  async revokeLink(tenant: string, linkId: string, nowMs: number): Promise<void> {
    await this.pool.guard(() =>
      this.database
        .updateTable('links')
        .set({ revoked_at_ms: nowMs })
        .where('tenant', '=', tenant)
        .where('link_id', '=', linkId)
        .where('revoked_at_ms', 'is', null)
        .execute(),
    );
  }

  async recordToken({ jti, tenant, room, subject, linkId, expiresAtMs }: IssuedToken, nowMs: number): Promise<void> {
    await this.pool.guard(async () => {
      await this.database.deleteFrom('tokens').where('expires_at_ms', '<', nowMs).execute();
      await this.database
        .insertInto('tokens')
        .values({
          jti,
          tenant,
          room,
          subject,
          link_id: linkId ?? null,
          expires_at_ms: expiresAtMs,
          revoked_at_ms: null,
        })
        .execute();
    });
  }

  async revokeToken(jti: string, nowMs: number): Promise<void> {
    await this.pool.guard(() =>
      this.database.transaction().execute(async (transaction) => {
        const token = await transaction
          .updateTable('tokens')
          .set({ revoked_at_ms: sql<number>`coalesce(revoked_at_ms, ${nowMs})` })
          .where('jti', '=', jti)
          .returning(['tenant', 'room', 'subject'])
          .executeTakeFirst();
        if (!token) return;
        await transaction
          .insertInto('revoked_subjects')
          .values({ ...token, revoked_at_ms: nowMs })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }),
    );
  }

  async isTokenRevoked(jti: string): Promise<boolean> {
    const row = await this.pool.guard(() =>
      this.database
        .selectFrom('tokens')
        .select('jti')
        .where('jti', '=', jti)
        .where('revoked_at_ms', 'is not', null)
        .executeTakeFirst(),
    );
    return row !== undefined;
  }

  async isSubjectRevoked(tenant: string, room: string, subject: string): Promise<boolean> {
    const row = await this.pool.guard(() =>
      this.database
        .selectFrom('revoked_subjects')
        .select('subject')
        .where('tenant', '=', tenant)
        .where('room', '=', room)
        .where('subject', '=', subject)
        .executeTakeFirst(),
    );
    return row !== undefined;
  }
}

async function insertLink(database: Kysely<RelayTables>, link: NewLink): Promise<void> {
  await database
    .insertInto('links')
    .values({
      tenant: link.tenant,
      link_id: link.linkId,
      room: link.room,
      role: link.role,
      label: link.label,
      // pg takes a Buffer as binary data.
      secret_hash: Buffer.from(link.secretHash),
      created_at_ms: link.createdAtMs,
      expires_at_ms: link.expiresAtMs ?? null,
      max_uses: link.maxUses ?? null,
      needs_approval: link.needsApproval,
      paths: link.paths ? JSON.stringify(link.paths) : null,
      created_by: link.createdBy,
      closed_at_ms: null,
      revoked_at_ms: null,
    })
    .execute();
}
