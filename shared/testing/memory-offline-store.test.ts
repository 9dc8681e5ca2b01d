import { describeAwayStore } from './away-store-contract.ts';
import { MemoryDisk, MemoryOfflineStore } from './memory-offline-store.ts';
import { describeOfflineStore, type StoreSite } from './offline-store-contract.ts';

function createSite(): StoreSite {
  const disk = new MemoryDisk();
  return { open: async () => new MemoryOfflineStore(disk) };
}

describeOfflineStore('MemoryOfflineStore', createSite);
describeAwayStore('MemoryOfflineStore', createSite);
