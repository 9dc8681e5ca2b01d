import { Emitter } from '../../../shared/lifecycle/index.ts';
import { MemoryMirrorNotes, type MirrorNotes, type NoteKind } from '../workspace/mirror-notes.ts';
import type { RoomDatabase } from './room-database.ts';

const KINDS: readonly NoteKind[] = [
  'held-file',
  'held-bit',
  'held-path',
  'mount',
  'setting',
  'stamp',
  'aside',
  'moved',
  'told',
  'root',
];

/** The notes on one room's folder in the room's database, committed in the order of all that is written to it. */
export class SqliteMirrorNotes implements MirrorNotes {
  private readonly room: RoomDatabase;
  private readonly known = new MemoryMirrorNotes();
  private readonly failed = new Emitter<unknown>();

  /** Fires with an OfflineStoreError when a note could not be kept. */
  readonly onDidFail = this.failed.event;

  /** The database stays the caller's. */
  constructor(room: RoomDatabase) {
    this.room = room;
    const rows = room.database
      .prepare<[], Readonly<Record<string, unknown>>>('SELECT kind, name, value FROM mirror_note')
      .all();
    for (const { kind, name, value } of rows) {
      const known = KINDS.find((candidate) => candidate === kind);
      if (known) this.known.set(known, String(name), String(value));
    }
  }

  get(kind: NoteKind, name: string): string | undefined {
    return this.known.get(kind, name);
  }

  set(kind: NoteKind, name: string, value: string): void {
    if (this.known.get(kind, name) === value) return;
    this.known.set(kind, name, value);
    this.write('INSERT OR REPLACE INTO mirror_note (kind, name, value) VALUES (?, ?, ?)', [kind, name, value]);
  }

  delete(kind: NoteKind, name: string): void {
    if (this.known.get(kind, name) === undefined) return;
    this.known.delete(kind, name);
    this.write('DELETE FROM mirror_note WHERE kind = ? AND name = ?', [kind, name]);
  }

  names(kind: NoteKind): readonly string[] {
    return this.known.names(kind);
  }

  private write(sql: string, values: readonly string[]): void {
    const statement = this.room.database.prepare<string[]>(sql);
    const written = this.room.writes.enqueue(() => {
      statement.run(...values);
    });
    written.catch((error: unknown) => this.failed.fire(error));
  }
}
