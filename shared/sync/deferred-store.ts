import type { DocumentStore } from './offline-store.ts';

/** A document's store that is opened once `isFree` has resolved. Its calls reject when that has rejected. */
export function openStoreLater(isFree: Promise<void>, open: () => DocumentStore): DocumentStore {
  let opened: DocumentStore | undefined;
  const whenOpen = async (): Promise<DocumentStore> => {
    await isFree;
    return (opened ??= open());
  };
  return {
    load: async () => (await whenOpen()).load(),
    appendLocal: async (payload) => (await whenOpen()).appendLocal(payload),
    appendRemote: async (payload) => (await whenOpen()).appendRemote(payload),
    markAcked: async (localId) => (await whenOpen()).markAcked(localId),
    saveCursor: async (cursor) => (await whenOpen()).saveCursor(cursor),
    async close() {
      // Nobody has to wait for a store that never came.
      await isFree.catch(() => {});
      await opened?.close();
    },
  };
}
