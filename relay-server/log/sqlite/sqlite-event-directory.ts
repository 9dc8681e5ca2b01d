import type Database from 'better-sqlite3';
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
import { guardSqlite } from './sqlite-failure.ts';

type Text = string;
type NewRow = [Text, Text, number, Text, Text, Text, Text, number, number, number, Text, Text, number, Text];

function prepareStatements(database: Database.Database) {
  return {
    find: database.prepare<[string, string, string], Pick<EventRow, 'seq' | 'actor'>>(
      'SELECT seq, actor FROM events WHERE tenant = ? AND room = ? AND event_id = ?',
    ),
    count: database.prepare<[string, string, number], EventCounts & { readonly last_seq: number }>(
      `INSERT INTO event_counts (tenant, room, last_seq, events, bytes) VALUES (?, ?, 1, 1, ?)
       ON CONFLICT DO UPDATE SET
         last_seq = last_seq + 1, events = events + 1, bytes = bytes + excluded.bytes
       RETURNING last_seq, events, bytes`,
    ),
    add: database.prepare<NewRow>(
      `INSERT INTO events
         (tenant, room, seq, event_id, kind, label, detail, files, at_ms, received_ms, actor, actor_name, bytes, spans)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    listOldest: database.prepare<[string, string], Pick<EventRow, 'seq' | 'bytes'>>(
      `SELECT seq, bytes FROM events WHERE tenant = ? AND room = ? ORDER BY seq LIMIT ${MAX_SURPLUS}`,
    ),
    removeThrough: database.prepare<[string, string, number]>(
      'DELETE FROM events WHERE tenant = ? AND room = ? AND seq <= ?',
    ),
    setCounts: database.prepare<[number, number, string, string]>(
      'UPDATE event_counts SET events = ?, bytes = ? WHERE tenant = ? AND room = ?',
    ),
    list: database.prepare<[string, string, number, number], EventRow>(
      `SELECT seq, event_id, kind, label, detail, files, at_ms, received_ms, actor, actor_name, bytes, spans FROM events
       WHERE tenant = ? AND room = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
    ),
  };
}

/** Events of rooms in the relay's SQLite file. */
export class SqliteEventDirectory implements EventDirectory {
  private readonly path: string;
  private readonly statements: ReturnType<typeof prepareStatements>;
  private readonly addNow: Database.Transaction<
    (key: AccessKey, event: NewRoomEvent, bounds: EventBounds) => AddedEvent
  >;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.path = path;
    this.statements = guardSqlite(path, () => prepareStatements(database));
    this.addNow = database.transaction((key, event, bounds) => this.add(key, event, bounds));
  }

  async addEvent(key: AccessKey, event: NewRoomEvent, bounds: EventBounds): Promise<AddedEvent> {
    return guardSqlite(this.path, () => this.addNow.immediate(key, event, bounds));
  }

  private add({ tenant, room }: AccessKey, event: NewRoomEvent, bounds: EventBounds): AddedEvent {
    const { find, count, add, listOldest, removeThrough, setCounts } = this.statements;
    const { eventId, kind, label, detail, files, atMs, receivedMs, actor, actorName } = event;
    const known = find.get(tenant, room, eventId);
    if (known) return known.actor === actor ? { kind: 'kept', seq: known.seq, isNew: false } : { kind: 'taken' };
    const spans = encodeSpans(event.spans);
    const bytes = sizeOfEvent(event, spans);
    const counts = count.get(tenant, room, bytes) ?? { last_seq: 1, events: 1, bytes };
    const seq = counts.last_seq;
    add.run(tenant, room, seq, eventId, kind, label, detail, files, atMs, receivedMs, actor, actorName, bytes, spans);
    const isBeyond = counts.events > bounds.maxEvents || counts.bytes > bounds.maxBytes;
    const surplus = isBeyond ? findSurplus(listOldest.all(tenant, room), counts, bounds) : undefined;
    if (surplus) {
      removeThrough.run(tenant, room, surplus.throughSeq);
      setCounts.run(surplus.events, surplus.bytes, tenant, room);
    }
    return { kind: 'kept', seq, isNew: true };
  }

  async listEvents({ tenant, room }: AccessKey, page: EventPage): Promise<readonly RoomEvent[]> {
    const { beforeSeq = Number.MAX_SAFE_INTEGER, limit, maxBytes } = page;
    const rows = guardSqlite(this.path, () =>
      cutPage(this.statements.list.iterate(tenant, room, beforeSeq, limit), maxBytes),
    );
    return rows.map(toEvent);
  }
}
