import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import RealDatabase from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import Adapter from './sqlite-adapter.ts';

interface Statement {
  pluck(): Statement;
  run(...parameters: unknown[]): unknown;
  get(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown[];
  iterate(...parameters: unknown[]): Iterable<unknown>;
}

interface Store {
  readonly open: boolean;
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  pragma(source: string, options?: { simple?: boolean }): unknown;
  transaction(work: (...docs: string[]) => unknown): {
    (...docs: string[]): unknown;
    immediate(...docs: string[]): unknown;
  };
  close(): unknown;
}

type StoreConstructor = new (path: string, options?: { fileMustExist?: boolean }) => Store;

const implementations: [string, StoreConstructor][] = [
  ['better-sqlite3', RealDatabase],
  ['the adapter over libsql', Adapter],
];

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-sqlite-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'store.sqlite');
}

function codeOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  return undefined;
}

describe.each(implementations)('%s', (_name, Database) => {
  function openStore(path = temporaryFile()): Store {
    const database = new Database(path);
    onTestFinished(() => void database.close());
    database.exec('CREATE TABLE IF NOT EXISTS updates (seq INTEGER PRIMARY KEY, doc TEXT UNIQUE, bytes BLOB)');
    return database;
  }

  it('stores bytes and gives them back', () => {
    const insert = openStore().prepare('INSERT INTO updates (doc, bytes) VALUES (?, ?) RETURNING seq, doc, bytes');
    expect(insert.get('a', Buffer.from([0, 255]))).toEqual({ seq: 1, doc: 'a', bytes: Buffer.from([0, 255]) });
    expect(insert.get('b', new Uint8Array([7]))).toEqual({ seq: 2, doc: 'b', bytes: Buffer.from([7]) });
    expect(insert.get('c', null)).toEqual({ seq: 3, doc: 'c', bytes: null });
    expect(insert.get('d', new Uint8Array(0))).toEqual({ seq: 4, doc: 'd', bytes: Buffer.alloc(0) });
  });

  it('finds by a lone byte parameter and by names', () => {
    const store = openStore();
    store.prepare('INSERT INTO updates (doc, bytes) VALUES (@doc, @bytes)').run({ doc: 'a', bytes: Buffer.from([1]) });
    expect(store.prepare('SELECT doc FROM updates WHERE bytes = ?').all(Buffer.from([1]))).toEqual([{ doc: 'a' }]);
    expect(store.prepare('SELECT doc FROM updates WHERE bytes = ?').get(Buffer.from([2]))).toBeUndefined();
  });

  it('counts changes and plucks columns', () => {
    const store = openStore();
    const insert = store.prepare('INSERT INTO updates (doc) VALUES (?)');
    expect(insert.run('a')).toEqual({ changes: 1, lastInsertRowid: 1 });
    expect(insert.run(['b'])).toEqual({ changes: 1, lastInsertRowid: 2 });
    expect(store.prepare('UPDATE updates SET bytes = NULL').run()).toMatchObject({ changes: 2 });
    const docs = store.prepare('SELECT doc, seq FROM updates ORDER BY seq').pluck();
    expect(docs.all()).toEqual(['a', 'b']);
    expect(docs.get()).toBe('a');
    expect([...docs.iterate()]).toEqual(['a', 'b']);
  });

  it('iterates over more rows than one batch', () => {
    const store = openStore();
    const insert = store.prepare('INSERT INTO updates (doc) VALUES (?)');
    store.transaction(() => {
      for (let index = 0; index < 250; index++) insert.run(`doc ${index}`);
    })();
    expect([...store.prepare('SELECT doc FROM updates ORDER BY seq').iterate()]).toHaveLength(250);
  });

  it('commits a transaction that returns and rolls back one that throws, also inside another', () => {
    const store = openStore();
    const insert = store.prepare('INSERT INTO updates (doc) VALUES (?)');
    const addTwo = store.transaction((first: string, second: string) => {
      insert.run(first);
      insert.run(second);
      return 'done';
    });
    expect(addTwo('a', 'b')).toBe('done');
    expect(codeOf(() => addTwo('c', 'a'))).toBe('SQLITE_CONSTRAINT_UNIQUE');
    store.transaction(() => {
      insert.run('d');
      expect(codeOf(() => addTwo('e', 'a'))).toBe('SQLITE_CONSTRAINT_UNIQUE');
    })();
    expect(addTwo.immediate('f', 'g')).toBe('done');
    expect(store.inTransaction).toBe(false);
    expect(store.prepare('SELECT doc FROM updates ORDER BY doc').pluck().all()).toEqual(['a', 'b', 'd', 'f', 'g']);
  });

  it('answers pragmas', () => {
    const store = openStore();
    expect(store.pragma('journal_mode = WAL', { simple: true })).toBe('wal');
    store.pragma('synchronous = FULL');
    expect(store.pragma('synchronous', { simple: true })).toBe(2);
    store.pragma('user_version = 3');
    expect(store.pragma('user_version')).toEqual([{ user_version: 3 }]);
    expect(store.pragma('quick_check', { simple: true })).toBe('ok');
  });

  it('keeps its rows over a restart', () => {
    const path = temporaryFile();
    const first = new Database(path);
    first.exec("CREATE TABLE updates (seq INTEGER PRIMARY KEY, doc TEXT); INSERT INTO updates (doc) VALUES ('a')");
    expect(first.open).toBe(true);
    first.close();
    expect(first.open).toBe(false);
    expect(() => first.prepare('SELECT 1')).toThrow('not open');
    const second = new Database(path);
    expect(second.prepare('SELECT doc FROM updates').pluck().all()).toEqual(['a']);
    second.close();
  });

  it('gives a file that it had for itself free at once, while its statements are still there', () => {
    const path = temporaryFile();
    const openExclusively = () => {
      const database = new Database(path);
      database.pragma('busy_timeout = 0');
      database.pragma('locking_mode = EXCLUSIVE');
      database.pragma('journal_mode = WAL');
      database.exec('CREATE TABLE IF NOT EXISTS updates (seq INTEGER PRIMARY KEY, doc TEXT)');
      return database;
    };
    const first = openExclusively();
    const insert = first.prepare('INSERT INTO updates (doc) VALUES (?)');
    insert.run('a');
    expect(codeOf(openExclusively)).toBe('SQLITE_BUSY');
    first.close();
    const second = openExclusively();
    expect(second.prepare('SELECT doc FROM updates').pluck().all()).toEqual(['a']);
    second.close();
    expect(insert).toBeDefined();
  });

  it('names what is wrong with a file', () => {
    const path = temporaryFile();
    expect(codeOf(() => new Database(path, { fileMustExist: true }))).toBe('SQLITE_CANTOPEN');
    writeFileSync(path, 'this is not a database, but it is long enough to have a header'.repeat(20));
    expect(codeOf(() => openStore(path))).toBe('SQLITE_NOTADB');
  });

  it('names a full disk', () => {
    const store = openStore();
    store.pragma('max_page_count = 4');
    const insert = store.prepare('INSERT INTO updates (bytes) VALUES (?)');
    expect(codeOf(() => insert.run(Buffer.alloc(1_000_000)))).toBe('SQLITE_FULL');
  });
});
