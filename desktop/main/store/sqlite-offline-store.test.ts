import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { OfflineStoreError } from '../../../shared/sync/index.ts';
import { describeAwayStore } from '../../../shared/testing/away-store-contract.ts';
import { describeOfflineStore } from '../../../shared/testing/offline-store-contract.ts';
import { SqliteMirrorBases } from './mirror-base.ts';
import { RoomDatabase } from './room-database.ts';
import { ROOM_SCHEMA } from './room-schema.ts';
import { SqliteOfflineStore } from './sqlite-offline-store.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function openRoom(path: string, maxFileBytes?: number): RoomDatabase {
  const room = new RoomDatabase({ path, scheduler: systemScheduler, ...(maxFileBytes ? { maxFileBytes } : {}) });
  onTestFinished(() => room.close());
  return room;
}

function openStore(room: RoomDatabase): SqliteOfflineStore {
  const store = new SqliteOfflineStore(room);
  onTestFinished(() => store.close());
  return store;
}

function createSite() {
  const path = join(temporaryFolder(), 'rooms', 'room.sqlite');
  let room: RoomDatabase | undefined;
  return {
    open: async () => {
      room?.close();
      room = openRoom(path);
      return openStore(room);
    },
  };
}

describeOfflineStore('SqliteOfflineStore', createSite);
describeAwayStore('SqliteOfflineStore', createSite);

async function fill(path: string, count: number): Promise<void> {
  const room = openRoom(path);
  const document = openStore(room).openDocument('file');
  const doc = new Y.Doc();
  const writes: Promise<unknown>[] = [];
  doc.on('update', (update: Uint8Array) => writes.push(document.appendLocal(update)));
  for (let index = 0; index < count; index++) doc.getText('content').insert(0, `line ${index} ${'x'.repeat(200)}\n`);
  await Promise.all(writes);
  room.close();
}

describe('SqliteOfflineStore', () => {
  it('is open in one process at a time; the second is told so', async () => {
    const path = join(temporaryFolder(), 'room.sqlite');
    openRoom(path);
    expect(() => openRoom(path)).toThrow(OfflineStoreError);
    const script = `
      const { RoomDatabase } = await import('./desktop/main/store/room-database.ts');
      const { systemScheduler } = await import('./shared/lifecycle/index.ts');
      try { new RoomDatabase({ path: ${JSON.stringify(path)}, scheduler: systemScheduler }); console.log('opened'); }
      catch (error) { console.log(error.code, error.message); }`;
    const second = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
    expect(second.stdout).toContain('in-use');
    expect(second.stdout).toContain('Close that one first');
  });

  it('reports a full disk, keeps what it has, and goes on when there is space', async () => {
    const path = join(temporaryFolder(), 'room.sqlite');
    const room = openRoom(path, 200_000);
    const document = openStore(room).openDocument('file');
    const large = Y.encodeStateAsUpdate(textDoc('x'.repeat(400_000)));
    const small = Y.encodeStateAsUpdate(textDoc('small'));
    await expect(document.appendLocal(large)).rejects.toMatchObject({ code: 'disk-full' });
    await document.appendLocal(small);
    room.database.pragma('max_page_count = 100000');
    await document.appendLocal(large);
    expect((await document.load()).unacked).toHaveLength(2);
  });

  it('sets a file aside that is not a database, and begins a new one', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'room.sqlite');
    writeFileSync(path, 'this is not a database, but somebody may still want it'.repeat(100));
    const { damage } = openRoom(path);
    expect(damage?.salvagedUpdates).toBe(0);
    expect(readFileSync(damage?.setAsidePath ?? '', 'utf8')).toContain('somebody may still want it');
    expect(damage?.explanation).toContain('was damaged');
  });

  it('takes over what can be read of a damaged file, and keeps the file', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'room.sqlite');
    await fill(path, 400);
    const bytes = readFileSync(path);
    bytes.fill(0x5a, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 8192);
    writeFileSync(path, bytes);
    const room = openRoom(path);
    expect(room.damage?.salvagedUpdates).toBeGreaterThan(100);
    expect(readdirSync(folder).filter((name) => name.includes('.damaged-'))).toHaveLength(1);
    const stored = await openStore(room).openDocument('file').load();
    expect(stored.cursor).toBeUndefined();
    expect(stored.unacked.length).toBe(room.damage?.salvagedUpdates);
  });

  it('tells what the relay has of a document, and what it has not', async () => {
    const path = join(temporaryFolder(), 'room.sqlite');
    await fill(path, 3);
    const store = openStore(openRoom(path));
    const { unacked } = await store.openDocument('file').load();
    await store.openDocument('other').appendRemote(Y.encodeStateAsUpdate(textDoc('acked')));
    await store.openDocument('file').markAcked(unacked[0]?.localId ?? 0);
    const unsent = await store.readUnsent();
    expect(unsent.map(({ document }) => document)).toEqual(['file']);
    expect(unsent[0]?.acked).toEqual([unacked[0]?.payload]);
    expect(unsent[0]?.unacked).toEqual(unacked.slice(1).map(({ payload }) => payload));
  });

  it('takes over a file of the first version, which gives free pages back from then on', async () => {
    const path = join(temporaryFolder(), 'room.sqlite');
    const early = new Database(path);
    early.exec(`${ROOM_SCHEMA.steps[0]}; PRAGMA user_version = 1`);
    early
      .prepare(`INSERT INTO updates (document, payload, is_unacked) VALUES ('file', ?, 1)`)
      .run(Buffer.from(Y.encodeStateAsUpdate(textDoc('early'))));
    early.close();
    const first = openRoom(path);
    expect((await openStore(first).openDocument('file').load()).unacked).toHaveLength(1);
    first.close();
    const second = openRoom(path);
    expect(second.damage).toBeUndefined();
    expect(second.database.pragma('auto_vacuum', { simple: true })).toBe(2);
    expect((await openStore(second).openDocument('file').load()).unacked).toHaveLength(1);
  });

  it('does not touch a file of a later version', () => {
    const path = join(temporaryFolder(), 'room.sqlite');
    const room = openRoom(path);
    room.database.pragma('user_version = 99');
    room.close();
    expect(() => openRoom(path)).toThrow('newer Tutti');
  });

  it('keeps the last mirrored text of a file', async () => {
    const path = join(temporaryFolder(), 'room.sqlite');
    const room = openRoom(path);
    const bases = new SqliteMirrorBases(room);
    const base = { path: 'a.txt', hash: 'h1', text: 'one' };
    expect(bases.get('f1')).toBeUndefined();
    bases.set('f1', base);
    bases.set('f2', { ...base, path: 'b.txt' });
    expect(bases.get('f1')).toEqual(base);
    bases.delete('f2');
    expect(bases.list()).toEqual([{ fileId: 'f1', path: 'a.txt' }]);
    bases.set('f1', { ...base, text: 'two\n' });
    expect([bases.has('f1'), bases.has('f2')]).toEqual([true, false]);
    room.close();
    const again = new SqliteMirrorBases(openRoom(path));
    expect(again.get('f1')).toEqual({ ...base, text: 'two\n' });
    expect([again.has('f1'), again.has('f2')]).toEqual([true, false]);
    expect(again.list()).toEqual([{ fileId: 'f1', path: 'a.txt' }]);
  });

  it('keeps whether a file was executable, where that was known', async () => {
    const path = join(temporaryFolder(), 'room.sqlite');
    const room = openRoom(path);
    const bases = new SqliteMirrorBases(room);
    const known = { f1: true, f2: false, f3: undefined };
    for (const [fileId, executable] of Object.entries(known)) {
      bases.set(fileId, { path: fileId, hash: 'h', text: '', executable });
      await bases.beginSave(fileId, { path: fileId, hash: 'g', text: '', executable });
    }
    const listed = (store: SqliteMirrorBases) => store.list().map(({ fileId, executable }) => [fileId, executable]);
    expect(listed(bases)).toEqual(Object.entries(known));
    room.close();
    const again = new SqliteMirrorBases(openRoom(path));
    expect(listed(again)).toEqual(Object.entries(known));
    for (const [fileId, executable] of Object.entries(known)) {
      expect([again.get(fileId)?.executable, again.savingOf(fileId)?.executable]).toEqual([executable, executable]);
    }
  });

  it('keeps what was noted of a move until it has ended or its file has gone', async () => {
    const path = join(temporaryFolder(), 'room.sqlite');
    const room = openRoom(path);
    const bases = new SqliteMirrorBases(room);
    const move = { from: 'a.txt', to: 'b.txt', identity: '1:2' };
    for (const fileId of ['f1', 'f2', 'f3']) {
      bases.set(fileId, { path: `${fileId}.txt`, hash: 'h', text: '' });
      await bases.beginMove(fileId, move);
    }
    // Kept as soon as it resolves, with all that came before.
    expect(room.database.prepare('SELECT count(*) AS rows FROM mirror_moving').get()).toEqual({ rows: 3 });
    expect(room.database.prepare('SELECT count(*) AS rows FROM mirror_base').get()).toEqual({ rows: 3 });
    const later = { ...move, to: 'c.txt' };
    await bases.beginMove('f1', later);
    bases.endMove('f1', move);
    bases.endMove('f2', move);
    bases.delete('f3');
    expect(bases.listMoves()).toEqual([{ fileId: 'f1', move: later }]);
    room.close();
    expect(new SqliteMirrorBases(openRoom(path)).listMoves()).toEqual([{ fileId: 'f1', move: later }]);
  });

  it('says so when a save cannot be noted, and notes it with what was written before', async () => {
    const room = openRoom(join(temporaryFolder(), 'room.sqlite'));
    const bases = new SqliteMirrorBases(room);
    const store = openStore(room);
    const document = store.openDocument('f1');
    const saving = { path: 'a.txt', hash: 'h', text: 'one' };
    room.database.pragma('query_only = 1');
    const lost = document.appendLocal(new Uint8Array([1]));
    const outcomes = await Promise.allSettled([lost, bases.beginSave('f1', saving)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    room.database.pragma('query_only = 0');
    expect(bases.savingOf('f1')).toBeUndefined();
    void document.appendLocal(new Uint8Array([2]));
    await bases.beginSave('f1', saving);
    expect(bases.savingOf('f1')).toEqual(saving);
    expect(room.database.prepare('SELECT count(*) AS rows FROM updates').get()).toEqual({ rows: 1 });
  });

  it('says so when a move cannot be noted', async () => {
    const room = openRoom(join(temporaryFolder(), 'room.sqlite'));
    const bases = new SqliteMirrorBases(room);
    room.database.pragma('query_only = 1');
    await expect(bases.beginMove('f1', { from: 'a', to: 'b', identity: '1:2' })).rejects.toThrow();
    await expect(bases.sync()).rejects.toThrow();
    room.database.pragma('query_only = 0');
  });
});

function textDoc(content: string): Y.Doc {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, content);
  return doc;
}
