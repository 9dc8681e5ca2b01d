import type Database from 'better-sqlite3';
import { fromBlob, toBlob } from './blobs.ts';
import type { SecretSeal } from './secret-seal.ts';

/** To be part of the schema of the database that {@link SealedTexts} works on. */
export const SEALED_TEXTS_SQL = `
    CREATE TABLE IF NOT EXISTS sealed_texts (
      kind TEXT NOT NULL,
      room TEXT NOT NULL,
      name TEXT NOT NULL,
      content BLOB NOT NULL,
      is_sealed INTEGER NOT NULL,
      PRIMARY KEY (kind, room, name)
    );`;

type Row = Readonly<Record<string, unknown>>;

/** Short secrets of one kind, by room and name, sealed where that is possible. */
export class SealedTexts {
  private readonly database: Database.Database;
  private readonly seal: SecretSeal | undefined;
  private readonly kind: string;

  /** The database stays the caller's. Without a seal texts are kept as they are. */
  constructor(database: Database.Database, seal: SecretSeal | undefined, kind: string) {
    this.database = database;
    this.seal = seal;
    this.kind = kind;
  }

  remember(room: string, name: string, content: string): void {
    const kept = this.seal?.seal(content) ?? new TextEncoder().encode(content);
    this.database
      .prepare('INSERT OR REPLACE INTO sealed_texts (kind, room, name, content, is_sealed) VALUES (?, ?, ?, ?, ?)')
      .run(this.kind, room, name, toBlob(kept), this.seal ? 1 : 0);
  }

  /** Undefined when there is none, or when it cannot be read. */
  find(room: string, name: string): string | undefined {
    const row = this.database
      .prepare<[string, string, string], Row>(
        'SELECT content, is_sealed FROM sealed_texts WHERE kind = ? AND room = ? AND name = ?',
      )
      .get(this.kind, room, name);
    return row && this.read(row);
  }

  /** Names of the room's texts that can be read. */
  list(room: string): ReadonlySet<string> {
    const rows = this.database
      .prepare<[string, string], Row>('SELECT name, content, is_sealed FROM sealed_texts WHERE kind = ? AND room = ?')
      .all(this.kind, room);
    return new Set(rows.flatMap((row) => (this.read(row) === undefined ? [] : [String(row['name'])])));
  }

  forget(room: string, name: string): void {
    this.database
      .prepare('DELETE FROM sealed_texts WHERE kind = ? AND room = ? AND name = ?')
      .run(this.kind, room, name);
  }

  forgetRoom(room: string): void {
    this.database.prepare('DELETE FROM sealed_texts WHERE kind = ? AND room = ?').run(this.kind, room);
  }

  private read({ content, is_sealed: isSealed }: Row): string | undefined {
    const bytes = fromBlob(content);
    if (isSealed !== 1) return new TextDecoder().decode(bytes);
    try {
      return this.seal?.unseal(bytes);
    } catch {
      // Sealed under another account or key store: what needs it does without.
      return undefined;
    }
  }
}
