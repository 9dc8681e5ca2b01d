import type Database from 'better-sqlite3';
import type { ObjectsClaim, ObjectsClaims } from '../objects-claim.ts';
import { guardSqlite } from './sqlite-failure.ts';

function prepareStatements(database: Database.Database) {
  return {
    read: database.prepare<[], ObjectsClaim>(
      'SELECT current_mark AS current, next_mark AS next FROM objects_claim WHERE id = 1',
    ),
    begin: database.prepare<[string, string]>(
      'INSERT INTO objects_claim (id, current_mark, next_mark) VALUES (1, ?, ?) ON CONFLICT DO NOTHING',
    ),
    replace: database.prepare<[string, string, string, string]>(
      `UPDATE objects_claim SET current_mark = ?, next_mark = ?
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
    return guardSqlite(this.path, () => this.statements.read.get());
  }

  async replace(replaced: ObjectsClaim | undefined, { current, next }: ObjectsClaim): Promise<boolean> {
    return guardSqlite(this.path, () => {
      const { changes } = replaced
        ? this.statements.replace.run(current, next, replaced.current, replaced.next)
        : this.statements.begin.run(current, next);
      return changes === 1;
    });
  }
}
