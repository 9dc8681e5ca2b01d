import type { Kysely } from 'kysely';
import { decodePastMarks, encodePastMarks, type ObjectsClaim, type ObjectsClaims } from '../objects-claim.ts';
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
    return this.pool.guard(async () => {
      const row = await this.database
        .selectFrom('objects_claim')
        .select(['current_mark as current', 'next_mark as next', 'past_marks'])
        .where('id', '=', 1)
        .executeTakeFirst();
      return row && { current: row.current, next: row.next, past: decodePastMarks(row.past_marks) };
    });
  }

  async replace(replaced: ObjectsClaim | undefined, { current, next, past }: ObjectsClaim): Promise<boolean> {
    const marks = { current_mark: current, next_mark: next, past_marks: encodePastMarks(past) };
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
