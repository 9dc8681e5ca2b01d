import { Emitter } from '../../../shared/lifecycle/index.ts';
import type { MirrorBase, MirrorBaseStore } from '../workspace/shared-files.ts';
import type { RoomDatabase } from './room-database.ts';

type Row = Readonly<Record<string, unknown>>;

/** The bases of one room's folder in the room's database. Reads see every write made before, committed or not. */
export class SqliteMirrorBases implements MirrorBaseStore {
  private readonly room: RoomDatabase;
  private readonly failed = new Emitter<unknown>();
  private readonly uncommitted = new Map<string, MirrorBase | undefined>();
  private readonly savingIds: Set<string>;

  /** Fires with an OfflineStoreError when a base could not be kept: the next start merges that file with more care. */
  readonly onDidFail = this.failed.event;

  /** The database stays the caller's. */
  constructor(room: RoomDatabase) {
    this.room = room;
    const rows = room.database.prepare<[], Row>('SELECT file_id FROM mirror_saving').all();
    this.savingIds = new Set(rows.map((row) => String(row['file_id'])));
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

  beginSave(fileId: string, { path, hash, text }: MirrorBase): void {
    this.savingIds.add(fileId);
    const noted = this.room.writes.enqueue(() => {
      this.room.database
        .prepare<[string, string, string, string]>(
          `INSERT INTO mirror_saving (file_id, path, hash, content) VALUES (?, ?, ?, ?)
           ON CONFLICT (file_id) DO UPDATE SET path = excluded.path, hash = excluded.hash, content = excluded.content`,
        )
        .run(fileId, path, hash, text);
    });
    noted.catch((error: unknown) => this.failed.fire(error));
    this.room.writes.flush();
  }

  savingOf(fileId: string): MirrorBase | undefined {
    if (!this.savingIds.has(fileId)) return undefined;
    const row = this.room.database
      .prepare<[string], Row>('SELECT path, hash, content FROM mirror_saving WHERE file_id = ?')
      .get(fileId);
    return row ? { path: String(row['path']), hash: String(row['hash']), text: String(row['content']) } : undefined;
  }

  private write(fileId: string, base: MirrorBase | undefined, run: () => void): void {
    this.uncommitted.set(fileId, base);
    const isSaving = this.savingIds.delete(fileId);
    const runAll = () => {
      run();
      if (isSaving) this.room.database.prepare<[string]>('DELETE FROM mirror_saving WHERE file_id = ?').run(fileId);
    };
    const forget = () => {
      if (this.uncommitted.get(fileId) === base) this.uncommitted.delete(fileId);
    };
    this.room.writes.enqueue(runAll).then(forget, (error: unknown) => this.failed.fire(error));
  }
}
