import type Database from 'better-sqlite3';
import { decodePastMarks, encodePastMarks, type ObjectsClaim, type ObjectsClaims } from '../objects-claim.ts';
import { guardSqlite } from './sqlite-failure.ts';

interface ClaimRow {
  readonly current_mark: string;
  readonly next_mark: string;
  readonly past_marks: string;
}

function prepareStatements(database: Database.Database) {
  return {
    read: database.prepare<[], ClaimRow>('SELECT * FROM objects_claim WHERE id = 1'),
    begin: database.prepare<[current: string, next: string, past: string]>(
      `INSERT INTO objects_claim (id, current_mark, next_mark, past_marks) VALUES (1, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    ),
    replace: database.prepare<[current: string, next: string, past: string, oldCurrent: string, oldNext: string]>(
      `UPDATE objects_claim SET current_mark = ?, next_mark = ?, past_marks = ?
       WHERE id = 1 AND current_mark = ? AND next_mark = ?`,
    ),
  };
}

/** In the relay's SQLite file. */
export class SqliteObjectsClaims implements ObjectsClaims {
  private readonly path: string;
  private readonly statements: ReturnType<typeof prepareStatements>;

  /** The caller keeps the ownership of `database`. */
  constructor(database: Database.Database, path: string) {
    this.path = path;
    this.statements = guardSqlite(path, () => prepareStatements(database));
  }

  async read(): Promise<ObjectsClaim | undefined> {
    return guardSqlite(this.path, () => {
      const row = this.statements.read.get();
      return row && { current: row.current_mark, next: row.next_mark, past: decodePastMarks(row.past_marks) };
    });
  }

  async replace(replaced: ObjectsClaim | undefined, { current, next, past }: ObjectsClaim): Promise<boolean> {
    const marks = [current, next, encodePastMarks(past)] as const;
    return guardSqlite(this.path, () => {
      const { changes } = replaced
        ? this.statements.replace.run(...marks, replaced.current, replaced.next)
        : this.statements.begin.run(...marks);
      return changes === 1;
    });
  }
}
