import type { AccessKey } from '../access-directory.ts';
import type { AddedEvent, EventBounds, EventDirectory, EventPage, NewRoomEvent } from '../event-directory.ts';
import type { SqliteEventDirectory } from './sqlite-event-directory.ts';
import type { WriteThread } from './write-thread.ts';

/** Events of rooms in the relay's SQLite file, read here and written in the thread that writes updates. */
export class ThreadedEventDirectory implements EventDirectory {
  private readonly reads: SqliteEventDirectory;
  private readonly writes: WriteThread;

  /** The caller keeps the ownership of both. */
  constructor(reads: SqliteEventDirectory, writes: WriteThread) {
    this.reads = reads;
    this.writes = writes;
  }

  addEvent({ tenant, room }: AccessKey, event: NewRoomEvent, bounds: EventBounds): Promise<AddedEvent> {
    return this.writes.ask({ kind: 'add-event', key: { tenant, room }, event, bounds });
  }

  listEvents(key: AccessKey, page: EventPage) {
    return this.reads.listEvents(key, page);
  }
}
