import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { INDEX_DOCUMENT } from '../../../shared/workspace/index.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { SqliteMirrorBases } from './mirror-base.ts';
import { RoomDatabase } from './room-database.ts';
import { SqliteOfflineStore } from './sqlite-offline-store.ts';

const DOCUMENT_BYTES = 100_000;

function open(maxBytes: number) {
  const room = new RoomDatabase({ path: join(temporaryFolder(), 'room.sqlite'), scheduler: systemScheduler });
  const store = new SqliteOfflineStore(room, maxBytes);
  onTestFinished(async () => {
    await store.close();
    room.close();
  });
  return { room, store };
}

function updateOf(characters: number): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, 'x'.repeat(characters));
  return Y.encodeStateAsUpdate(doc);
}

async function write(store: SqliteOfflineStore, name: string, isUnsent = false): Promise<void> {
  const document = store.openDocument(name);
  await document.load();
  await (isUnsent ? document.appendLocal : document.appendRemote)(updateOf(DOCUMENT_BYTES));
  await document.saveCursor({ epoch: 'e', seq: 1 });
  await document.close();
}

it('drops what the relay has and nobody uses, the longest unused first, and keeps everything else', async () => {
  const { room, store } = open(6.5 * DOCUMENT_BYTES);
  for (const name of [INDEX_DOCUMENT, 'mirrored', 'old', 'older', 'recent']) await write(store, name);
  await write(store, 'unsent', true);
  new SqliteMirrorBases(room).set('mirrored', { path: 'a.txt', hash: 'h', text: '' });
  const held = store.openDocument('held');
  await held.appendRemote(updateOf(DOCUMENT_BYTES));
  const used = room.database.prepare('UPDATE document_use SET opened_ms = ? WHERE document = ?');
  for (const [name, usedMs] of [
    ['older', 1],
    ['old', 2],
    ['recent', 3],
    ['unsent', 0],
    ['mirrored', 0],
  ] as const) {
    used.run(usedMs, name);
  }
  await store.budget.check();
  const kept = [INDEX_DOCUMENT, 'mirrored', 'recent', 'unsent', 'held'];
  expect([...(await store.listDocuments())].sort()).toEqual([...kept].sort());
  expect((await store.openDocument('old').load()).cursor).toBeUndefined();
  expect((await store.openDocument('recent').load()).cursor).toEqual({ epoch: 'e', seq: 1 });
  expect(store.budget.usedBytes).toBeLessThanOrEqual(6.5 * DOCUMENT_BYTES);
  expect(Number(room.database.pragma('freelist_count', { simple: true }))).toBe(0);
});

it('says once that a room is too large when nothing more can be dropped', async () => {
  const { store } = open(DOCUMENT_BYTES / 2);
  await write(store, 'unsent', true);
  const told: number[] = [];
  onTestFinished(store.budget.onDidOverflow((bytes) => told.push(bytes)).dispose);
  await store.budget.check();
  await store.budget.check();
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThan(DOCUMENT_BYTES);
  expect(await store.listUnacked()).toEqual(['unsent']);
});
