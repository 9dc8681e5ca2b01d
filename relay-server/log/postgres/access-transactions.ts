import { type Kysely, sql, type Transaction } from 'kysely';
import type { AccessKey, AuditEvent } from '../access-directory.ts';
import { encodeSettings, toSettings, toStored } from '../access-rows.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { RelayTables } from './schema.ts';
import { AUDIT, ROOM_ACCESS } from './tables.ts';

const DEFAULT_SETTINGS = encodeSettings(toSettings(undefined));

/** Runs statements about the access of rooms, each alone or several as one. Rejects with a `LogFailure`. */
export class AccessTransactions {
  private readonly database: Kysely<RelayTables>;
  private readonly pool: ConnectionPool;

  /** `database` uses the connections of `pool`, which the caller keeps the ownership of. */
  constructor(database: Kysely<RelayTables>, pool: ConnectionPool) {
    this.database = database;
    this.pool = pool;
  }

  /** Runs `work` without a transaction. */
  alone<T>(work: (database: Kysely<RelayTables>) => Promise<T>): Promise<T> {
    return this.pool.guard(() => work(this.database));
  }

  rows<Row>(query: ReturnType<typeof sql>): Promise<readonly Row[]> {
    return this.pool.guard(() => rowsOf<Row>(this.database, query));
  }

  transact<T>(work: (transaction: Transaction<RelayTables>) => Promise<T>): Promise<T> {
    return this.pool.guard(() => this.database.transaction().execute(work));
  }

  /** Undoes everything when `work` gives false. */
  async transactUnless(work: (transaction: Transaction<RelayTables>) => Promise<boolean>): Promise<boolean> {
    return this.pool.guard(async () => {
      const transaction = await this.database.startTransaction().execute();
      try {
        const isDone = await work(transaction);
        await (isDone ? transaction.commit() : transaction.rollback()).execute();
        return isDone;
      } catch (error) {
        await transaction
          .rollback()
          .execute()
          .catch(() => undefined);
        throw error;
      }
    });
  }
}

export async function rowsOf<Row>(
  database: Kysely<RelayTables>,
  query: ReturnType<typeof sql>,
): Promise<readonly Row[]> {
  const { rows } = await query.execute(database);
  return rows as readonly Row[];
}

/** Raises the version and appends to the audit. Holds up other changes of the room until the transaction ends. */
export async function note(
  database: Kysely<RelayTables>,
  key: AccessKey,
  events: readonly AuditEvent[],
): Promise<number> {
  const { tenant, room } = key;
  const [row] = await rowsOf<{ version: number; audit_seq: number }>(
    database,
    sql`INSERT INTO ${ROOM_ACCESS} AS present (tenant, room, settings, version, audit_seq)
      VALUES (${tenant}, ${room}, ${DEFAULT_SETTINGS}, 1, ${events.length})
      ON CONFLICT (tenant, room) DO UPDATE SET
        version = present.version + 1, audit_seq = present.audit_seq + ${events.length}
      RETURNING version, audit_seq`,
  );
  const { version = 0, audit_seq: lastSeq = 0 } = row ?? {};
  await insertEvents(database, key, events, lastSeq);
  return version;
}

/** Appends to the audit in a transaction that has raised the version already. */
export async function addEvents(
  database: Kysely<RelayTables>,
  key: AccessKey,
  events: readonly AuditEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const [row] = await rowsOf<{ audit_seq: number }>(
    database,
    sql`UPDATE ${ROOM_ACCESS} SET audit_seq = audit_seq + ${events.length}
      WHERE tenant = ${key.tenant} AND room = ${key.room} RETURNING audit_seq`,
  );
  await insertEvents(database, key, events, row?.audit_seq ?? 0);
}

async function insertEvents(
  database: Kysely<RelayTables>,
  { tenant, room }: AccessKey,
  events: readonly AuditEvent[],
  lastSeq: number,
): Promise<void> {
  for (const [index, event] of events.entries()) {
    const { atMs, kind, actor, actorName, target, detail } = toStored(event);
    await sql`
      INSERT INTO ${AUDIT} (tenant, room, seq, at_ms, kind, actor, actor_name, target, detail)
      VALUES (${tenant}, ${room}, ${lastSeq - events.length + 1 + index}, ${atMs}, ${kind}, ${actor}, ${actorName},
        ${target}, ${detail})`.execute(database);
  }
}

/** Names may quote anything, and a text of Postgres cannot have this character. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
