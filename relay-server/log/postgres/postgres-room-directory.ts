import type { Kysely } from 'kysely';
import type { LinkRecord, NewLink, RoomDirectory, RoomRecord } from '../room-directory.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { insertLink, useLink } from './insert-link.ts';
import type { RelayTables } from './schema.ts';
import { toLink } from '../database-rows.ts';

/** Rooms and links in the relay's Postgres database. */
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
    return this.pool.guard(() => useLink(this.database, tenant, linkId));
  }
}
