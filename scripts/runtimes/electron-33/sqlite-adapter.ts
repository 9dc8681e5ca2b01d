import { existsSync } from 'node:fs';
import Libsql from 'libsql';

type Value = string | number | bigint | null | Buffer;
type Row = Record<string, Value>;
type Parameters = Record<string, Value> | Value[];

type NativeStatement = Libsql.Statement<[Parameters]>;

interface Options {
  readonly readonly?: boolean;
  readonly fileMustExist?: boolean;
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT_MS = 5000;

/** Carries SQLite's name of the error in `code`, as the errors of better-sqlite3 do. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

class Statement {
  private readonly statement: NativeStatement;
  private isPlucking = false;

  constructor(statement: NativeStatement) {
    this.statement = statement;
  }

  pluck(toggle = true): this {
    this.isPlucking = toggle;
    return this;
  }

  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    const { changes, lastInsertRowid } = converting(() => this.statement.run(toNativeParameters(parameters)));
    return { changes, lastInsertRowid };
  }

  get(...parameters: unknown[]): Row | Value | undefined {
    const row = converting(() => this.statement.get(toNativeParameters(parameters)));
    return isRecord(row) ? this.shape(row) : undefined;
  }

  all(...parameters: unknown[]): (Row | Value | undefined)[] {
    return [...this.iterate(...parameters)];
  }

  *iterate(...parameters: unknown[]): Generator<Row | Value | undefined, void> {
    const rows = converting(() => this.statement.iterate(toNativeParameters(parameters)));
    for (;;) {
      const next = converting(() => rows.next());
      if (next.done || !isRecord(next.value)) return;
      yield this.shape(next.value);
    }
  }

  private shape(native: Record<string, unknown>): Row | Value | undefined {
    const row: Row = {};
    for (const [name, value] of Object.entries(native)) {
      if (name !== '_metadata') row[name] = toValue(value);
    }
    return this.isPlucking ? Object.values(row)[0] : row;
  }
}

/**
 * Stands in for better-sqlite3 in the Electron 33 of the tests, whose Node-API is too old for the real one.
 * It covers what Tutti's stores use; the stores' own tests run on the real better-sqlite3.
 */
export default class Database {
  static readonly SqliteError = SqliteError;
  readonly name: string;
  readonly memory: boolean;
  readonly readonly: boolean;
  private readonly connection: Libsql.Database;
  private isOpen = true;

  constructor(path: string, options: Options = {}) {
    if ((options.fileMustExist || options.readonly) && path !== ':memory:' && !existsSync(path)) {
      throw new SqliteError('unable to open database file', 'SQLITE_CANTOPEN');
    }
    this.name = path;
    this.memory = path === ':memory:' || path === '';
    this.readonly = options.readonly ?? false;
    this.connection = converting(() => new Libsql(path, {}));
    this.pragma(`busy_timeout = ${options.timeout ?? DEFAULT_TIMEOUT_MS}`);
    if (this.readonly) this.pragma('query_only = ON');
  }

  get open(): boolean {
    return this.isOpen;
  }

  get inTransaction(): boolean {
    return this.isOpen && this.connection.inTransaction;
  }

  exec(sql: string): this {
    this.requireOpen();
    converting(() => this.connection.exec(sql));
    return this;
  }

  prepare(sql: string): Statement {
    this.requireOpen();
    return new Statement(converting(() => this.connection.prepare<[Parameters]>(sql)));
  }

  pragma(source: string, { simple = false }: { simple?: boolean } = {}): unknown {
    const statement = this.prepare(`PRAGMA ${source}`);
    return simple ? statement.pluck().all()[0] : statement.all();
  }

  transaction<A extends unknown[], R>(work: (...args: A) => R) {
    const inMode =
      (mode: string) =>
      (...args: A): R =>
        this.runTransaction(mode, () => work(...args));
    return Object.assign(inMode(''), {
      deferred: inMode('DEFERRED'),
      immediate: inMode('IMMEDIATE'),
      exclusive: inMode('EXCLUSIVE'),
    });
  }

  close(): this {
    if (!this.isOpen) return this;
    this.releaseFile();
    this.isOpen = false;
    this.connection.close();
    return this;
  }

  // libsql lets go of a file with the last of its statements, whenever that is collected. Until then nobody could have a
  // file with a write-ahead log for themselves.
  private releaseFile(): void {
    if (this.memory || this.readonly) return;
    try {
      this.exec(
        'PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT 1 FROM sqlite_master',
      );
    } catch (error) {
      // A file that is damaged, full or in use stays as it would be without this.
      if (!(error instanceof SqliteError)) throw error;
    }
  }

  private runTransaction<R>(mode: string, work: () => R): R {
    const isNested = this.inTransaction;
    this.exec(isNested ? 'SAVEPOINT nested' : `BEGIN ${mode}`);
    try {
      const result = work();
      this.exec(isNested ? 'RELEASE nested' : 'COMMIT');
      return result;
    } catch (error) {
      if (this.inTransaction) this.exec(isNested ? 'ROLLBACK TO nested; RELEASE nested' : 'ROLLBACK');
      throw error;
    }
  }

  private requireOpen(): void {
    if (!this.isOpen) throw new TypeError('The database connection is not open');
  }
}

function converting<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
      throw new SqliteError(error.message, error.code);
    }
    throw error;
  }
}

// A lone Buffer makes libsql panic, so that positional parameters always go as an array.
function toNativeParameters(parameters: unknown[]): Parameters {
  const [first] = parameters;
  if (parameters.length === 1 && isRecord(first)) {
    return Object.fromEntries(Object.entries(first).map(([name, value]) => [name, toValue(value)]));
  }
  return parameters.flat().map(toValue);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function toValue(value: unknown): Value {
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  throw new TypeError(`SQLite3 can only bind numbers, strings, bigints, buffers, and null, not ${typeof value}`);
}
