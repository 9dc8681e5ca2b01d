import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { ManualScheduler } from '../../../shared/testing/manual-scheduler.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { fromBlob, toBlob } from './blobs.ts';
import { RoomDatabase } from './room-database.ts';
import { SqliteOfflineStore } from './sqlite-offline-store.ts';

function open(path: string) {
  const room = new RoomDatabase({ path, scheduler: systemScheduler });
  const store = new SqliteOfflineStore(room);
  onTestFinished(async () => {
    await store.close();
    room.close();
  });
  return { room, store };
}

/** The updates of somebody who types `count` characters, and now and then takes some back. */
function typed(count: number): { readonly updates: Uint8Array[]; readonly content: string } {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const text = doc.getText('content');
  for (let index = 0; updates.length < count; index++) {
    if (index % 20 === 19) text.delete(text.length - 3, 3);
    else text.insert(text.length - (index % 7 === 0 ? Math.min(3, text.length) : 0), 'abcdefghij\n'[index % 11] ?? '');
  }
  return { updates, content: text.toString() };
}

/** Updates of so many characters each, of which none continues another. */
function backwards(
  count: number,
  charactersEach: number,
): { readonly updates: Uint8Array[]; readonly content: string } {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const text = doc.getText('content');
  for (let index = 0; index < count; index++) {
    doc.transact(() => {
      for (let left = charactersEach; left > 0; left--) text.insert(0, 'abcdefghij\n'[left % 11] ?? '');
    });
  }
  return { updates, content: text.toString() };
}

function insert(
  { database }: RoomDatabase,
  document: string,
  updates: readonly Uint8Array[],
  isUnacked: boolean,
): void {
  const statement = database.prepare('INSERT INTO updates (document, payload, is_unacked) VALUES (?, ?, ?)');
  database.transaction(() => {
    for (const update of updates) statement.run(document, toBlob(update), isUnacked ? 1 : 0);
  })();
}

function rowsOf({ database }: RoomDatabase, isUnacked: boolean): readonly Uint8Array[] {
  const rows = database
    .prepare<[number], Buffer>('SELECT payload FROM updates WHERE is_unacked = ? ORDER BY id')
    .pluck();
  return rows.all(isUnacked ? 1 : 0).map(fromBlob);
}

function contentOf(updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc.getText('content').toString();
}

/** Commits what the compaction asks for, since nothing else makes time pass. */
async function flushUntilIdle(room: RoomDatabase, store: SqliteOfflineStore): Promise<void> {
  let isIdle = false;
  void store.compaction.whenIdle().then(() => (isIdle = true));
  while (!isIdle) {
    await nextTurn();
    room.writes.flush();
  }
}

it('merges what the relay has into one row, and what it has not into another, in the order of the acks', async () => {
  const path = join(temporaryFolder(), 'room.sqlite');
  const { room, store } = open(path);
  const { updates, content } = typed(1_000);
  insert(room, 'file', updates.slice(0, 600), false);
  insert(room, 'file', updates.slice(600), true);
  const document = store.openDocument('file');
  const before = await document.load();
  await store.compaction.compact('file');
  const after = await document.load();
  expect(after.updates).toHaveLength(2);
  expect(contentOf(after.updates)).toBe(content);
  expect(after.unacked.map(({ localId }) => localId)).toEqual([before.unacked.at(-1)?.localId]);
  expect(contentOf([...updates.slice(0, 600), after.unacked[0]?.payload ?? new Uint8Array()])).toBe(content);
  // An ack of a part of it leaves all of it to be sent again, which does no harm.
  await document.markAcked((after.unacked[0]?.localId ?? 0) - 1);
  expect((await document.load()).unacked).toHaveLength(1);
  await document.markAcked(after.unacked[0]?.localId ?? 0);
  expect((await document.load()).unacked).toEqual([]);
});

it('merges unacked edits in runs that the relay takes in one piece', async () => {
  const { room, store } = open(join(temporaryFolder(), 'room.sqlite'));
  const { updates, content } = backwards(1_050, 100);
  insert(room, 'file', updates, true);
  await store.compaction.compact('file');
  const { unacked } = await store.openDocument('file').load();
  expect(unacked.length).toBeGreaterThan(2);
  expect(unacked.length).toBeLessThan(10);
  for (const { payload } of unacked) expect(Y.decodeUpdate(payload).structs.length).toBeLessThanOrEqual(50_000);
  expect(contentOf(unacked.map(({ payload }) => payload))).toBe(content);
});

it('has every edit, and every one that the relay lacks, wherever the process ends', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'room.sqlite');
  const { room, store } = open(path);
  const { updates, content } = typed(400);
  const acked = updates.slice(0, 200);
  insert(room, 'file', acked, false);
  insert(room, 'file', updates.slice(200), true);
  const copies: string[] = [];
  let isDone = false;
  const compacting = store.compaction.compact('file').finally(() => (isDone = true));
  const countChanges = room.database.prepare('SELECT total_changes()').pluck();
  let changesSeen = -1;
  while (!isDone) {
    await nextTurn();
    const changes = Number(countChanges.get());
    if (changes === changesSeen) continue;
    changesSeen = changes;
    const copy = join(folder, `copy-${copies.length}.sqlite`);
    for (const companion of ['', '-wal']) copyFileSync(path + companion, copy + companion);
    copies.push(copy);
  }
  await compacting;
  // Before and after each of the two merged rows is put in place, and each of the two times that others go.
  expect(copies.length).toBeGreaterThanOrEqual(5);
  for (const copy of copies) {
    const after = open(copy);
    expect(after.room.damage).toBeUndefined();
    const stored = await after.store.openDocument('file').load();
    expect(contentOf(stored.updates)).toBe(content);
    const unsent = stored.unacked.map(({ payload }) => payload);
    expect(contentOf([...acked, ...unsent])).toBe(content);
    // What was cut short is merged by one thread for all, which takes long to start.
    insert(room, copy, rowsOf(after.room, false), false);
    insert(room, copy, rowsOf(after.room, true), true);
    await store.compaction.compact(copy);
    const merged = await store.openDocument(copy).load();
    expect([merged.updates.length, merged.unacked.length]).toEqual([2, 1]);
    expect(contentOf(merged.updates)).toBe(content);
  }
});

it('merges a document by itself: at once when it has grown much, after a rest when it has grown a little', async () => {
  const scheduler = new ManualScheduler();
  const room = new RoomDatabase({ path: join(temporaryFolder(), 'room.sqlite'), scheduler });
  const store = new SqliteOfflineStore(room);
  onTestFinished(async () => {
    await store.close();
    room.close();
  });
  const { updates, content } = typed(2_600);
  const document = store.openDocument('file');
  const append = (some: readonly Uint8Array[]) => {
    const writes = Promise.all(some.map((update) => document.appendRemote(update)));
    room.writes.flush();
    return writes;
  };
  await append(updates.slice(0, 1_999));
  expect((await document.load()).updates).toHaveLength(1_999);
  await append(updates.slice(1_999, 2_300));
  await flushUntilIdle(room, store);
  expect((await document.load()).updates).toHaveLength(1);
  await append(updates.slice(2_300));
  expect((await document.load()).updates).toHaveLength(301);
  scheduler.advance(6_000);
  await flushUntilIdle(room, store);
  const { updates: merged } = await document.load();
  expect(merged).toHaveLength(1);
  expect(contentOf(merged)).toBe(content);
});

it('ends when the file is closed while free pages are given back', async () => {
  const { room, store } = open(join(temporaryFolder(), 'room.sqlite'));
  insert(room, 'file', [new Uint8Array(1024 * 1024)], false);
  room.database.exec('DELETE FROM updates');
  expect(Number(room.database.pragma('freelist_count', { simple: true }))).toBeGreaterThan(100);
  const shrinking = store.compaction.shrink();
  room.close();
  await expect(shrinking).resolves.toBeUndefined();
});
