import { MemoryDisk, MemoryOfflineStore } from './memory-offline-store.ts';
import { describeOfflineStore } from './offline-store-contract.ts';

describeOfflineStore('MemoryOfflineStore', () => {
  const disk = new MemoryDisk();
  return { open: async () => new MemoryOfflineStore(disk) };
});
