import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/relay-under-test.ts';
import { openSqliteNodes } from './sqlite/sqlite-nodes.contract.ts';
import { LogFailure } from './log-failure.ts';
import { describeAccessDirectory } from './access-directory.contract.ts';
import { describeAccessBounds } from './access-bounds.contract.ts';
import { describeAccessChanges } from './access-changes.contract.ts';
import { describeAccessNodes } from './access-nodes.contract.ts';
import { describeRoomDirectory } from './room-directory.contract.ts';
import type { OpenDatabaseOptions } from './sqlite/open-database.ts';
import { MIGRATIONS } from './sqlite/schema.ts';
import { claimServingLock } from './sqlite/serving-lock.ts';
import type { RelayStorage } from './relay-storage.ts';
import { openSqliteStorage } from './sqlite.ts';
import { describeUpdateLog } from './update-log.contract.ts';

const KEY = { tenant: 't', room: 'r', document: 'd' };
const ALL = { afterSeq: 0, throughSeq: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

function openStorage(path: string, options?: OpenDatabaseOptions): RelayStorage {
  const storage = openSqliteStorage(path, options);
  onTestFinished(() => storage.dispose());
  return storage;
}

function append(storage: RelayStorage, clientSeq: number, payload: Uint8Array) {
  const session = { subject: 's', sessionId: 'i' };
  return storage.log.append([
    { key: KEY, epochWhenNew: 'e', updates: [{ session, clientSeq, name: 'n', timeMs: 1, payload }] },
  ]);
}

async function fill(storage: RelayStorage): Promise<void> {
  for (let clientSeq = 1; clientSeq <= 200; clientSeq++)
    await append(storage, clientSeq, new Uint8Array(2000).fill(clientSeq));
}

/** Overwrites the second half of the file. */
function damage(path: string): void {
  const file = openSync(path, 'r+');
  for (let offset = statSync(path).size >> 1; offset < statSync(path).size; offset += 4096) {
    writeSync(file, new Uint8Array(4096).fill(0xee), 0, 4096, offset - (offset % 4096));
  }
  closeSync(file);
}

function failureOf(work: () => unknown): LogFailure {
  try {
    work();
  } catch (error) {
    if (error instanceof LogFailure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describeUpdateLog('SQLite', () => openStorage(join(temporaryFolder(), 'relay.db')).log);
describeAccessDirectory('SQLite', async () => openStorage(join(temporaryFolder(), 'relay.db')));
describeRoomDirectory('SQLite', () => openStorage(join(temporaryFolder(), 'relay.db')).directory);
describeAccessNodes('SQLite', () => openSqliteNodes(openStorage));
describeAccessBounds('SQLite', () => openSqliteNodes(openStorage));
describeAccessChanges('SQLite', () => openSqliteNodes(openStorage));

describe('the SQLite file', () => {
  it('keeps everything over a restart', async () => {
    const path = join(temporaryFolder(), 'relay.db');
    const first = openSqliteStorage(path);
    await append(first, 1, new Uint8Array([1, 2]));
    await first.directory.createRoom({ tenant: 't', room: 'r', name: 'Room', createdAtMs: 5 });
    first.dispose();
    const second = openStorage(path);
    expect(await second.log.readUpdates(KEY, ALL)).toMatchObject([{ seq: 1, clientSeq: 1 }]);
    expect(await second.directory.findRoom('t', 'r')).toEqual({ tenant: 't', room: 'r', name: 'Room', createdAtMs: 5 });
  });

  it('is shared by two processes at once', async () => {
    const path = join(temporaryFolder(), 'relay.db');
    const [one, two] = [openStorage(path), openStorage(path)];
    await append(one, 1, new Uint8Array([1]));
    await append(two, 2, new Uint8Array([2]));
    expect(await append(one, 3, new Uint8Array([3]))).toMatchObject([{ headSeq: 3, seqs: [3] }]);
  });

  it('says that a file is no database, and leaves it alone', () => {
    const path = join(temporaryFolder(), 'relay.db');
    writeFileSync(path, 'this is no database, '.repeat(100));
    const failure = failureOf(() => openSqliteStorage(path));
    expect(failure.code).toBe('corrupted');
    expect(failure.message).toContain(path);
    expect(failure.message).toMatch(/was not changed.*backup.*move/);
    expect(readFileSync(path, 'utf8')).toContain('this is no database');
  });

  it('does not open with a damaged page, says what to do, and leaves the files alone', async () => {
    const folder = temporaryFolder();
    const path = join(temporaryFolder(), 'relay.db');
    const storage = openStorage(path);
    await fill(storage);
    // As a crash leaves them: with a journal.
    const copy = join(folder, 'relay.db');
    for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
    damage(copy);
    const before = [readFileSync(copy), readFileSync(`${copy}-wal`)];
    const failure = failureOf(() => openSqliteStorage(copy));
    expect(failure.code).toBe('corrupted');
    expect(failure.message).toContain(copy);
    expect(failure.message).toMatch(/^[^\n]* was not changed.*backup.*move[^\n]*$/);
    const after = [readFileSync(copy), readFileSync(`${copy}-wal`)];
    expect(after.map((bytes, index) => bytes.equals(before[index] ?? bytes.subarray(1)))).toEqual([true, true]);
    expect(readdirSync(folder)).toContain('relay.db-wal');
  });

  it('opens with the journal that a crash left, and loses nothing', async () => {
    const [path, copy] = [join(temporaryFolder(), 'relay.db'), join(temporaryFolder(), 'relay.db')];
    await fill(openStorage(path));
    for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
    expect(await openStorage(copy).log.readUpdates(KEY, ALL)).toHaveLength(200);
  });

  it("refuses another program's database, and adds nothing to it", () => {
    const path = join(temporaryFolder(), 'relay.db');
    const other = new Database(path);
    other.exec('CREATE TABLE bookmarks (url TEXT)');
    other.close();
    expect(failureOf(() => openSqliteStorage(path))).toMatchObject({ code: 'corrupted' });
    const again = new Database(path, { readonly: true });
    expect(again.prepare('SELECT name FROM sqlite_schema').pluck().all()).toEqual(['bookmarks']);
    again.close();
  });

  it('says that a damaged page is damaged, when that page is read', async () => {
    const path = join(temporaryFolder(), 'relay.db');
    const storage = openSqliteStorage(path);
    await fill(storage);
    storage.dispose();
    damage(path);
    const damaged = openStorage(path, { isChecked: false });
    await expect(damaged.log.readUpdates(KEY, ALL)).rejects.toMatchObject({ name: 'LogFailure', code: 'corrupted' });
  });

  it('brings an older version up to date, and remembers whose tokens were taken back', async () => {
    const path = join(temporaryFolder(), 'relay.db');
    const old = new Database(path);
    old.exec(MIGRATIONS[0] ?? '');
    old.pragma('user_version = 1');
    const addToken = old.prepare('INSERT INTO tokens VALUES (?, ?, ?, ?, NULL, 100, ?)');
    addToken.run('a', 't', 'r', 'mallory', 50);
    addToken.run('b', 't', 'r', 'mallory', 60);
    addToken.run('c', 't', 'r', 'ada', null);
    old.close();
    const { access } = openStorage(path);
    expect((await access.readAccess(KEY)).revokedSubjects).toEqual(new Set(['mallory']));
  });

  it('brings the links of an older version up to date, under the eyes of a process of that version', async () => {
    const path = join(temporaryFolder(), 'relay.db');
    const old = new Database(path);
    onTestFinished(() => void old.close());
    const before = MIGRATIONS.findIndex((migration) => migration.includes('CREATE TABLE room_access'));
    for (const migration of MIGRATIONS.slice(0, before)) old.exec(migration);
    old.pragma(`user_version = ${before}`);
    old.exec(`INSERT INTO rooms VALUES ('t', 'r', 'Room', 1)`);
    const addLink = old.prepare(
      `INSERT INTO links (tenant, link_id, room, role, label, secret_hash, created_at_ms) VALUES ('t', ?, 'r', ?, '', ?, ?)`,
    );
    addLink.run('one', 'owner', Buffer.from('one'), 1);
    const { access, directory } = openStorage(path);
    addLink.run('two', 'editor', Buffer.from('two'), 2);
    const plain = { needsApproval: false, paths: undefined, createdBy: '', closedAtMs: undefined };
    expect(await access.listLinks({ tenant: 't', room: 'r' })).toMatchObject([
      { ...plain, linkId: 'two', role: 'editor', revokedAtMs: undefined },
      { ...plain, linkId: 'one', role: 'owner', revokedAtMs: undefined },
    ]);
    expect(await directory.findLinkBySecret('r', Buffer.from('one'))).toMatchObject({ linkId: 'one', tenant: 't' });
    const event = { atMs: 50, kind: 'all-revoked', actor: '', actorName: '', target: '', detail: '' } as const;
    expect(await access.change({ tenant: 't', room: 'r' }, { kind: 'revoke-all' }, event)).toMatchObject({
      version: 1,
    });
    expect(old.prepare('SELECT link_id FROM links WHERE revoked_at_ms = 50').pluck().all()).toEqual(['two']);
  });

  it('refuses a file of a newer version', () => {
    const path = join(temporaryFolder(), 'relay.db');
    const storage = openSqliteStorage(path);
    storage.dispose();
    const file = openSync(path, 'r+');
    writeSync(file, new Uint8Array([0, 0, 0, 99]), 0, 4, 60);
    closeSync(file);
    expect(failureOf(() => openSqliteStorage(path)).message).toContain('newer relay');
  });

  it('says what owners have taken back while another process writes', async () => {
    const path = join(temporaryFolder(), 'relay.db');
    const { access } = openStorage(path, { busyTimeoutMs: 0 });
    const other = new Database(path);
    onTestFinished(() => void other.close());
    other.exec('BEGIN IMMEDIATE');
    expect(await access.readAccess(KEY)).toMatchObject({ version: 0 });
    expect(await access.readVersions([KEY])).toEqual([0]);
    await expect(access.change(KEY, { kind: 'touch' }, undefined)).rejects.toMatchObject({ code: 'busy' });
  });

  it('says that the disk is full, keeps what it had, and goes on when there is space', async () => {
    const path = join(temporaryFolder(), 'relay.db');
    const storage = openSqliteStorage(path, { maxPages: 60 });
    await append(storage, 1, new Uint8Array(1000));
    await expect(append(storage, 2, new Uint8Array(400_000))).rejects.toMatchObject({
      name: 'LogFailure',
      code: 'full',
    });
    expect(await storage.log.readUpdates(KEY, ALL)).toHaveLength(1);
    expect(await append(storage, 3, new Uint8Array(1000))).toMatchObject([{ headSeq: 2, seqs: [2] }]);
    storage.dispose();
  });

  it('says that a folder is missing', () => {
    const failure = failureOf(() => openSqliteStorage(join(temporaryFolder(), 'missing', 'relay.db')));
    expect(failure.code).toBe('permission');
  });

  it('is claimed by one at a time', () => {
    const path = join(temporaryFolder(), 'serving.lock');
    const first = claimServingLock(path);
    expect(first).toBeDefined();
    expect(claimServingLock(path)).toBeUndefined();
    first?.dispose();
    const again = claimServingLock(path);
    expect(again).toBeDefined();
    again?.dispose();
  });
});
