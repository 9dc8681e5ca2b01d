import { expect, it, onTestFinished, vi } from 'vitest';
import * as Y from 'yjs';
import { type OfflineStore, readUnsentText } from '../../../shared/sync/index.ts';
import { describeAwayStore } from '../../../shared/testing/away-store-contract.ts';
import { describeOfflineStore } from '../../../shared/testing/offline-store-contract.ts';
import { PAGE_CACHE_PREFIX } from '../service-worker/page-store.ts';
import { countUnsentIn, estimateUsedBytes, forgetIndexedDbRoom, listIndexedDbRooms } from './indexeddb-rooms.ts';
import { awayDatabaseOf, openIndexedDbStore } from './indexeddb-store.ts';

function createSite() {
  const room = crypto.randomUUID();
  let current: OfflineStore | undefined;
  onTestFinished(async () => {
    await current?.close();
    for (const { name } of await indexedDB.databases()) {
      if (name?.startsWith(`tutti/${room}/`) || name === awayDatabaseOf(room)) indexedDB.deleteDatabase(name);
    }
  });
  return {
    async open() {
      await current?.close();
      current = await openIndexedDbStore(room);
      return current;
    },
  };
}

describeOfflineStore('IndexedDbStore', createSite);
describeAwayStore('IndexedDbStore', createSite);

it('tells what the relay has of a document, and what it has not', async () => {
  const store = await openIndexedDbStore(crypto.randomUUID());
  const doc = new Y.Doc();
  const document = store.openDocument('file', doc);
  onTestFinished(async () => {
    await document.close();
    doc.destroy();
    await store.close();
  });
  await document.load();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => void updates.push(update));
  doc.getText('content').insert(0, 'acked');
  await document.markAcked(await document.appendLocal(updates[0] ?? new Uint8Array()));
  expect(await store.readUnsent()).toEqual([]);
  doc.getText('content').insert(5, ' and not');
  await document.appendLocal(updates[1] ?? new Uint8Array());
  const [unsent] = await store.readUnsent();
  expect(unsent && readUnsentText(unsent)).toEqual({ fileId: 'file', before: 'acked', after: 'acked and not' });
  expect(unsent?.unacked).toEqual([updates[1]]);
});

it('does not count the page itself to what the rooms take', async () => {
  const name = `${PAGE_CACHE_PREFIX}${crypto.randomUUID()}`;
  const pageBytes = 4 * 1024 * 1024;
  onTestFinished(() => void caches.delete(name));
  const before = (await estimateUsedBytes()) ?? 0;
  const headers = { 'Content-Length': String(pageBytes) };
  await (await caches.open(name)).put('/assets/x.js', new Response(new Uint8Array(pageBytes), { headers }));
  const total = (await navigator.storage.estimate()).usage ?? 0;
  expect(total).toBeGreaterThan(before + pageBytes / 2);
  expect(await estimateUsedBytes()).toBeLessThan(before + pageBytes / 2);
  // As a browser tells it that does not say what takes it.
  const estimate = vi.spyOn(navigator.storage, 'estimate').mockResolvedValue({ usage: pageBytes + 7 });
  onTestFinished(() => estimate.mockRestore());
  expect(await estimateUsedBytes()).toBe(7);
});

it('lists the rooms of this browser, and forgets one wholly and no other', async () => {
  const [kept, forgotten] = [crypto.randomUUID(), crypto.randomUUID()];
  for (const room of [kept, forgotten]) {
    const store = await openIndexedDbStore(room);
    const doc = new Y.Doc();
    const document = store.openDocument('file', doc);
    await document.load();
    doc.getText('content').insert(0, 'written on the train');
    await document.appendLocal(Y.encodeStateAsUpdate(doc));
    await store.close();
    doc.destroy();
  }
  expect(await countUnsentIn(forgotten)).toBe(1);
  expect(await estimateUsedBytes()).toBeGreaterThan(0);
  await forgetIndexedDbRoom(forgotten);
  const rooms = await listIndexedDbRooms();
  expect(rooms).toContain(kept);
  expect(rooms).not.toContain(forgotten);
  await forgetIndexedDbRoom(kept);
});
