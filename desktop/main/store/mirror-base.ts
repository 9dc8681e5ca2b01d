import type Database from 'better-sqlite3';
import { Emitter } from '../../../shared/lifecycle/index.ts';
import type { BriefBase, MirrorBase, MirrorBaseStore, MirrorMove } from '../workspace/shared-files.ts';
import type { RoomDatabase } from './room-database.ts';

type Row = Readonly<Record<string, unknown>>;

/** The bases of one room's folder in the room's database. Reads see every write made before, committed or not. */
export class SqliteMirrorBases implements MirrorBaseStore {
  private readonly room: RoomDatabase;
  private readonly failed = new Emitter<unknown>();
  private readonly uncommitted = new Map<string, MirrorBase | undefined>();
  private readonly savingIds: Set<string>;
  /** Whether a file has a base is asked often, of all files at once. */
  private readonly basedIds: Set<string>;
  private readonly moves: Map<string, MirrorMove>;
  private readonly statements: ReturnType<typeof prepareStatements>;

  /** Fires with an OfflineStoreError when a base could not be kept: the next start merges that file with more care. */
  readonly onDidFail = this.failed.event;

  /** The database stays the caller's. */
  constructor(room: RoomDatabase) {
    this.room = room;
    this.statements = prepareStatements(room.database);
    this.basedIds = new Set(this.statements.listIds.all().map((row) => String(row['file_id'])));
    this.savingIds = new Set(this.statements.listSaving.all().map((row) => String(row['file_id'])));
    this.moves = new Map(this.statements.listMoving.all().map((row) => [String(row['file_id']), toMove(row)]));
  }

  get(fileId: string): MirrorBase | undefined {
    if (this.uncommitted.has(fileId)) return this.uncommitted.get(fileId);
    const row = this.statements.get.get(fileId);
    return row && toBase(row);
  }

  has(fileId: string): boolean {
    return this.basedIds.has(fileId);
  }

  set(fileId: string, base: MirrorBase): void {
    this.write(fileId, base, () => {
      this.statements.set.run(fileId, ...toColumns(base));
    });
  }

  delete(fileId: string): void {
    this.write(fileId, undefined, () => {
      this.statements.delete.run(fileId);
    });
    this.forgetMove(fileId);
  }

  list(): readonly BriefBase[] {
    const known = new Map<string, BriefBase>();
    for (const row of this.statements.list.all()) {
      const fileId = String(row['file_id']);
      known.set(fileId, { fileId, path: String(row['path']), executable: toExecutable(row) });
    }
    for (const [fileId, base] of this.uncommitted) {
      if (base) known.set(fileId, { fileId, path: base.path, executable: base.executable });
      else known.delete(fileId);
    }
    return [...known.values()];
  }

  async beginSave(fileId: string, saving: MirrorBase): Promise<void> {
    this.savingIds.add(fileId);
    const noted = this.room.writes.enqueue(() => {
      this.statements.setSaving.run(fileId, ...toColumns(saving));
    });
    // Many files are saved at a time.
    this.room.writes.flushSoon();
    await noted;
  }

  savingOf(fileId: string): MirrorBase | undefined {
    if (!this.savingIds.has(fileId)) return undefined;
    const row = this.statements.getSaving.get(fileId);
    return row && toBase(row);
  }

  async beginMove(fileId: string, move: MirrorMove): Promise<void> {
    this.moves.set(fileId, move);
    const noted = this.room.writes.enqueue(() => {
      this.statements.setMoving.run(fileId, move.from, move.to, move.identity);
    });
    this.room.writes.flush();
    await noted;
  }

  endMove(fileId: string, move: MirrorMove): void {
    if (this.moves.get(fileId) === move) this.forgetMove(fileId);
  }

  listMoves(): readonly { readonly fileId: string; readonly move: MirrorMove }[] {
    return [...this.moves].map(([fileId, move]) => ({ fileId, move }));
  }

  sync(): Promise<void> {
    return this.room.writes.sync();
  }

  private forgetMove(fileId: string): void {
    if (!this.moves.delete(fileId)) return;
    const forgotten = this.room.writes.enqueue(() => {
      this.statements.deleteMoving.run(fileId);
    });
    forgotten.catch((error: unknown) => this.failed.fire(error));
  }

  private write(fileId: string, base: MirrorBase | undefined, run: () => void): void {
    this.uncommitted.set(fileId, base);
    if (base) this.basedIds.add(fileId);
    else this.basedIds.delete(fileId);
    const isSaving = this.savingIds.delete(fileId);
    const runAll = () => {
      run();
      if (isSaving) this.statements.deleteSaving.run(fileId);
    };
    const forget = () => {
      if (this.uncommitted.get(fileId) === base) this.uncommitted.delete(fileId);
    };
    this.room.writes.enqueue(runAll).then(forget, (error: unknown) => this.failed.fire(error));
  }
}

type Columns = readonly [path: string, hash: string, content: string, executable: number | null];

function toColumns({ path, hash, text, executable }: MirrorBase): Columns {
  return [path, hash, text, executable === undefined ? null : Number(executable)];
}

function toBase(row: Row): MirrorBase {
  const [path, hash, text] = [String(row['path']), String(row['hash']), String(row['content'])];
  return { path, hash, text, executable: toExecutable(row) };
}

function toExecutable({ executable }: Row): boolean | undefined {
  return executable === null ? undefined : executable === 1;
}

function toMove(row: Row): MirrorMove {
  return { from: String(row['from_path']), to: String(row['to_path']), identity: String(row['identity']) };
}

function prepareStatements(database: Database.Database) {
  const setIn = (table: 'mirror_base' | 'mirror_saving') =>
    database.prepare<[string, ...Columns]>(
      `INSERT INTO ${table} (file_id, path, hash, content, executable) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (file_id) DO UPDATE
       SET path = excluded.path, hash = excluded.hash, content = excluded.content, executable = excluded.executable`,
    );
  return {
    get: database.prepare<[string], Row>('SELECT path, hash, content, executable FROM mirror_base WHERE file_id = ?'),
    listIds: database.prepare<[], Row>('SELECT file_id FROM mirror_base'),
    set: setIn('mirror_base'),
    delete: database.prepare<[string]>('DELETE FROM mirror_base WHERE file_id = ?'),
    list: database.prepare<[], Row>('SELECT file_id, path, executable FROM mirror_base'),
    getSaving: database.prepare<[string], Row>(
      'SELECT path, hash, content, executable FROM mirror_saving WHERE file_id = ?',
    ),
    setSaving: setIn('mirror_saving'),
    deleteSaving: database.prepare<[string]>('DELETE FROM mirror_saving WHERE file_id = ?'),
    listSaving: database.prepare<[], Row>('SELECT file_id FROM mirror_saving'),
    setMoving: database.prepare<[string, string, string, string]>(
      `INSERT INTO mirror_moving (file_id, from_path, to_path, identity) VALUES (?, ?, ?, ?)
       ON CONFLICT (file_id) DO UPDATE
       SET from_path = excluded.from_path, to_path = excluded.to_path, identity = excluded.identity`,
    ),
    deleteMoving: database.prepare<[string]>('DELETE FROM mirror_moving WHERE file_id = ?'),
    listMoving: database.prepare<[], Row>('SELECT file_id, from_path, to_path, identity FROM mirror_moving'),
  };
}
