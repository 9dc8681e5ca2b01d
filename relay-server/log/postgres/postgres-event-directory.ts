import { type Kysely, sql } from 'kysely';
import type { AccessKey } from '../access-directory.ts';
import type {
  AddedEvent,
  EventBounds,
  EventDirectory,
  EventPage,
  NewRoomEvent,
  RoomEvent,
} from '../event-directory.ts';
import {
  cutPage,
  encodeSpans,
  type EventCounts,
  type EventRow,
  findSurplus,
  MAX_SURPLUS,
  sizeOfEvent,
  toEvent,
} from '../event-rows.ts';
import { rowsOf, storable } from './access-transactions.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { RelayTables } from './schema.ts';
import { EVENT_COUNTS, EVENTS } from './tables.ts';

type Size = Pick<EventRow, 'seq' | 'bytes'>;

/** Events of rooms in the relay's Postgres database. */
export class PostgresEventDirectory implements EventDirectory {
  private readonly database: Kysely<RelayTables>;
  private readonly pool: ConnectionPool;

  /** `database` uses the connections of `pool`, which the caller keeps the ownership of. */
  constructor(database: Kysely<RelayTables>, pool: ConnectionPool) {
    this.database = database;
    this.pool = pool;
  }

  async addEvent(key: AccessKey, event: NewRoomEvent, bounds: EventBounds): Promise<AddedEvent> {
    return this.pool.guard(() =>
      this.database.transaction().execute(async (transaction) => {
        await lockRoom(transaction, key);
        const known = await find(transaction, key, event);
        if (known) return known;
        const { seq, counts } = await insert(transaction, key, event);
        await removeSurplus(transaction, key, counts, bounds);
        return { kind: 'kept', seq, isNew: true };
      }),
    );
  }

  async listEvents({ tenant, room }: AccessKey, page: EventPage): Promise<readonly RoomEvent[]> {
    const { beforeSeq = Number.MAX_SAFE_INTEGER, limit, maxBytes } = page;
    const isHere = sql`tenant = ${tenant} AND room = ${room}`;
    return this.pool.guard(async () => {
      // What they are about may be large, and most of it more than the page has.
      const sizes = await rowsOf<Size>(
        this.database,
        sql`SELECT seq, bytes FROM ${EVENTS} WHERE ${isHere} AND seq < ${beforeSeq} ORDER BY seq DESC LIMIT ${limit}`,
      );
      const wanted = cutPage(sizes, maxBytes);
      const [newest, oldest] = [wanted[0], wanted.at(-1)];
      if (!newest || !oldest) return [];
      const rows = await rowsOf<EventRow>(
        this.database,
        sql`SELECT seq, event_id, kind, label, detail, files, at_ms, received_ms, actor, actor_name, bytes, spans FROM ${EVENTS}
          WHERE ${isHere} AND seq BETWEEN ${oldest.seq} AND ${newest.seq} ORDER BY seq DESC`,
      );
      return rows.map(toEvent);
    });
  }
}

/** Events of one room get their numbers one after the other. */
async function lockRoom(database: Kysely<RelayTables>, { tenant, room }: AccessKey): Promise<void> {
  await sql`INSERT INTO ${EVENT_COUNTS} AS present (tenant, room) VALUES (${tenant}, ${room})
    ON CONFLICT (tenant, room) DO UPDATE SET last_seq = present.last_seq`.execute(database);
}

async function find(
  database: Kysely<RelayTables>,
  { tenant, room }: AccessKey,
  { eventId, actor }: NewRoomEvent,
): Promise<AddedEvent | undefined> {
  const [known] = await rowsOf<Pick<EventRow, 'seq' | 'actor'>>(
    database,
    sql`SELECT seq, actor FROM ${EVENTS} WHERE tenant = ${tenant} AND room = ${room} AND event_id = ${eventId}`,
  );
  if (!known) return undefined;
  return known.actor === actor ? { kind: 'kept', seq: known.seq, isNew: false } : { kind: 'taken' };
}

async function insert(
  database: Kysely<RelayTables>,
  { tenant, room }: AccessKey,
  event: NewRoomEvent,
): Promise<{ readonly seq: number; readonly counts: EventCounts }> {
  const { eventId, kind, label, detail, files, atMs, receivedMs, actor, actorName } = event;
  const spans = encodeSpans(event.spans);
  const bytes = sizeOfEvent(event, spans);
  const [row] = await rowsOf<EventCounts & { readonly last_seq: number }>(
    database,
    sql`UPDATE ${EVENT_COUNTS} SET last_seq = last_seq + 1, events = events + 1, bytes = bytes + ${bytes}
      WHERE tenant = ${tenant} AND room = ${room} RETURNING last_seq, events, bytes`,
  );
  const { last_seq: seq, ...counts } = row ?? { last_seq: 1, events: 1, bytes };
  await sql`
    INSERT INTO ${EVENTS}
      (tenant, room, seq, event_id, kind, label, detail, files, at_ms, received_ms, actor, actor_name, bytes, spans)
    VALUES (${tenant}, ${room}, ${seq}, ${eventId}, ${kind}, ${storable(label)}, ${storable(detail)}, ${files}, ${atMs}, ${receivedMs},
      ${actor}, ${storable(actorName)}, ${bytes}, ${spans})`.execute(database);
  return { seq, counts };
}

async function removeSurplus(
  database: Kysely<RelayTables>,
  { tenant, room }: AccessKey,
  counts: EventCounts,
  bounds: EventBounds,
): Promise<void> {
  if (counts.events <= bounds.maxEvents && counts.bytes <= bounds.maxBytes) return;
  const isHere = sql`tenant = ${tenant} AND room = ${room}`;
  const oldest = await rowsOf<Size>(
    database,
    sql`SELECT seq, bytes FROM ${EVENTS} WHERE ${isHere} ORDER BY seq LIMIT ${MAX_SURPLUS}`,
  );
  const surplus = findSurplus(oldest, counts, bounds);
  if (!surplus) return;
  await sql`DELETE FROM ${EVENTS} WHERE ${isHere} AND seq <= ${surplus.throughSeq}`.execute(database);
  await sql`UPDATE ${EVENT_COUNTS} SET events = ${surplus.events}, bytes = ${surplus.bytes} WHERE ${isHere}`.execute(
    database,
  );
}
