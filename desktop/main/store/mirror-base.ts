import { Emitter } from '../../../shared/lifecycle/index.ts';
import type { MirrorBase, MirrorBaseStore } from '../workspace/shared-files.ts';
import type { RoomDatabase } from './room-database.ts';

type Row = Readonly<Record<string, unknown>>;

/** The bases of one room's folder in the room's database. Reads see every write made before, committed or not. */
export class SqliteMirrorBases implements MirrorBaseStore {
  private readonly room: RoomDatabase;
  private readonly failed = new Emitter<unknown>();
  private readonly uncommitted = new Map<string, MirrorBase | undefined>();

  /** Fires with an OfflineStoreError when a base could not be kept: the next start merges that file with more care. */
  readonly onDidFail = this.failed.event;

  /** The database stays the caller's. */
  constructor(room: RoomDatabase) {
    this.room = room;
  }

  get(fileId: string): MirrorBase | undefined {
    if (this.uncommitted.has(fileId)) return this.uncommitted.get(fileId);
    const row = this.room.database
      .prepare<[string], Row>('SELECT path, hash, content FROM mirror_base WHERE file_id = ?')
      .get(fileId);
    return row ? { path: String(row['path']), hash: String(row['hash']), text: String(row['content']) } : undefined;
  }

  set(fileId: string, base: MirrorBase): void {
    this.write(fileId, base, () => {
      this.room.database
        .prepare<[string, string, string, string]>(
          `INSERT INTO mirror_base (file_id, path, hash, content) VALUES (?, ?, ?, ?)
           ON CONFLICT (file_id) DO UPDATE SET path = excluded.path, hash = excluded.hash, content = excluded.content`,
        )
        .run(fileId, base.path, base.hash, base.text);
    });
  }

  delete(fileId: string): void {
    this.write(fileId, undefined, () => {
      this.room.database.prepare<[string]>('DELETE FROM mirror_base WHERE file_id = ?').run(fileId);
    });
  }

  list(): readonly { readonly fileId: string; readonly path: string }[] {
    const rows = this.room.database.prepare<[], Row>('SELECT file_id, path FROM mirror_base').all();
    const paths = new Map(rows.map((row) => [String(row['file_id']), String(row['path'])]));
    for (const [fileId, base] of this.uncommitted) {
      if (base) paths.set(fileId, base.path);
      else paths.delete(fileId);
    }
    return [...paths].map(([fileId, path]) => ({ fileId, path }));
  }

  private write(fileId: string, base: MirrorBase | undefined, run: () => void): void {
    this.uncommitted.set(fileId, base);
    const forget = () => {
      if (this.uncommitted.get(fileId) === base) this.uncommitted.delete(fileId);
    };
    this.room.writes.enqueue(run).then(forget, (error: unknown) => this.failed.fire(error));
  }
}
