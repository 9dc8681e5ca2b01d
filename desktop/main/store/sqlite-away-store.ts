import type { AwayKind, AwayRow, AwayStore } from '../../../shared/sync/away/away-store.ts';
import type { RoomDatabase } from './room-database.ts';
import { toOfflineStoreError } from './sqlite-failure.ts';

type Row = Readonly<Record<string, unknown>>;

/** Keeps what happened while this device was away beside the room's documents, in one order with their updates. */
export class SqliteAwayStore implements AwayStore {
  private readonly room: RoomDatabase;
  private readonly statements: ReturnType<typeof prepareStatements>;

  /** The database stays the caller's. */
  constructor(room: RoomDatabase) {
    this.room = room;
    this.statements = prepareStatements(room);
  }

  async list(kind: AwayKind): Promise<readonly Omit<AwayRow, 'body'>[]> {
    const rows = this.query(() => this.statements.list.all(kind));
    return rows.map(({ name, summary }) => ({ name: String(name), summary: String(summary) }));
  }

  async read(kind: AwayKind, name: string): Promise<AwayRow | undefined> {
    const row = this.query(() => this.statements.read.get(kind, name));
    return row && { name, summary: String(row['summary']), body: String(row['body']) };
  }

  write(kind: AwayKind, { name, summary, body }: AwayRow): Promise<void> {
    return this.room.writes.enqueue(() => void this.statements.write.run(kind, name, summary, body));
  }

  remove(kind: AwayKind, name: string): Promise<void> {
    return this.room.writes.enqueue(() => void this.statements.remove.run(kind, name));
  }

  private query<T>(task: () => T): T {
    this.room.writes.flush();
    try {
      return task();
    } catch (error) {
      throw toOfflineStoreError(error, this.room.path);
    }
  }
}

function prepareStatements({ database }: RoomDatabase) {
  return {
    list: database.prepare<[string], Row>('SELECT name, summary FROM away WHERE kind = ? ORDER BY name'),
    read: database.prepare<[string, string], Row>('SELECT summary, body FROM away WHERE kind = ? AND name = ?'),
    write: database.prepare<[string, string, string, string]>(
      `INSERT INTO away (kind, name, summary, body) VALUES (?, ?, ?, ?)
       ON CONFLICT (kind, name) DO UPDATE SET summary = excluded.summary, body = excluded.body`,
    ),
    remove: database.prepare<[string, string]>('DELETE FROM away WHERE kind = ? AND name = ?'),
  };
}
