import type { Kysely } from 'kysely';
import type { ObjectsClaim, ObjectsClaims } from '../objects-claim.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { RelayTables } from './schema.ts';

/** In the relay's Postgres database. */
export class PostgresObjectsClaims implements ObjectsClaims {
  private readonly database: Kysely<RelayTables>;
  private readonly pool: ConnectionPool;

  /** `database` uses the connections of `pool`, which the caller keeps the ownership of. */
  constructor(database: Kysely<RelayTables>, pool: ConnectionPool) {
    this.database = database;
    this.pool = pool;
  }

  async read(): Promise<ObjectsClaim | undefined> {
    return this.pool.guard(() =>
      this.database
        .selectFrom('objects_claim')
        .select(['current_mark as current', 'next_mark as next'])
        .where('id', '=', 1)
        .executeTakeFirst(),
    );
  }

  async replace(replaced: ObjectsClaim | undefined, { current, next }: ObjectsClaim): Promise<boolean> {
    const marks = { current_mark: current, next_mark: next };
    return this.pool.guard(async () => {
      if (!replaced) {
        const insert = this.database.insertInto('objects_claim').values({ id: 1, ...marks });
        const { numInsertedOrUpdatedRows } = await insert.onConflict((on) => on.doNothing()).executeTakeFirst();
        return numInsertedOrUpdatedRows === 1n;
      }
      const { numUpdatedRows } = await this.database
        .updateTable('objects_claim')
        .set(marks)
        .where('id', '=', 1)
        .where('current_mark', '=', replaced.current)
        .where('next_mark', '=', replaced.next)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    });
  }
}
