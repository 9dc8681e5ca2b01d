import { onTestFinished } from 'vitest';
import type { OfflineStore } from '../../../shared/sync/index.ts';
import { describeOfflineStore } from '../../../shared/testing/offline-store-contract.ts';
import { openIndexedDbStore } from './indexeddb-store.ts';

describeOfflineStore('IndexedDbStore', () => {
  const room = crypto.randomUUID();
  let current: OfflineStore | undefined;
  onTestFinished(async () => {
    await current?.close();
    for (const { name } of await indexedDB.databases()) {
      if (name?.startsWith(`tutti/${room}/`)) indexedDB.deleteDatabase(name);
    }
  });
  return {
    async open() {
      await current?.close();
      current = await openIndexedDbStore(room);
      return current;
    },
  };
});
