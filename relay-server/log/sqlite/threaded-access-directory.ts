import type Database from 'better-sqlite3';
import type { RoomVisits } from '../access-directory.ts';
import { SqliteAccessDirectory } from './sqlite-access-directory.ts';
import type { WriteThread } from './write-thread.ts';

/**
 * Who may do what, in the relay's SQLite file. That people have come, which is noted all the time, is written in the
 * thread that writes updates; what an owner does is rare, and is written here.
 */
export class ThreadedAccessDirectory extends SqliteAccessDirectory {
  private readonly writes: WriteThread;

  /** The caller keeps the ownership of both. */
  constructor(database: Database.Database, path: string, writes: WriteThread) {
    super(database, path);
    this.writes = writes;
  }

  override async recordVisits(rooms: readonly RoomVisits[]): Promise<void> {
    if (rooms.length > 0) await this.writes.ask({ kind: 'record-visits', rooms: rooms.map(toPlain) });
  }
}

/** What there is besides the fields of the types need not be something that a thread can be sent. */
function toPlain({ key, members, events }: RoomVisits): RoomVisits {
  return {
    key: { tenant: key.tenant, room: key.room },
    members: members.map(({ subject, name, role, linkId, lineageId, lastSeenMs }) => {
      return { subject, name, role, linkId, lineageId, lastSeenMs };
    }),
    events: events.map(({ atMs, kind, actor, actorName, target, detail }) => {
      return { atMs, kind, actor, actorName, target, detail };
    }),
  };
}
