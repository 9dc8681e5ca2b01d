import { PAGE_CACHE_PREFIX } from '../service-worker/page-store.ts';
import { awayDatabaseOf, openIndexedDbStore } from './indexeddb-store.ts';

const NAME = /^tutti\/([^/]+)\//;

/** Rooms of which this browser keeps anything. */
export async function listIndexedDbRooms(): Promise<readonly string[]> {
  const databases = await indexedDB.databases();
  return [...new Set(databases.flatMap(({ name }) => NAME.exec(name ?? '')?.[1] ?? []))].sort();
}

/** Whether this browser keeps anything of a room, as far as it can be read. */
export async function isKeptInIndexedDb(room: string): Promise<boolean> {
  // A browser without a usable IndexedDB has nothing to open a room from.
  const rooms: readonly string[] = await listIndexedDbRooms().catch(() => []);
  return rooms.includes(room);
}

/** How many documents of a room have edits that the relay has not acked. */
export async function countUnsentIn(room: string): Promise<number> {
  const store = await openIndexedDbStore(room);
  try {
    return (await store.listUnacked()).length;
  } finally {
    await store.close();
  }
}

/** Removes all that this browser keeps of a room. Rejects when another tab has it open. */
export async function forgetIndexedDbRoom(room: string): Promise<void> {
  const databases = await indexedDB.databases();
  const isOfRoom = (name: string) => name.startsWith(`tutti/${room}/`) || name === awayDatabaseOf(room);
  for (const { name } of databases) if (name !== undefined && isOfRoom(name)) await deleteDatabase(name);
}

/** What all rooms take in this browser, without the page itself. Undefined where the browser does not tell. */
export async function estimateUsedBytes(): Promise<number | undefined> {
  const estimate = await navigator.storage?.estimate?.().catch(() => undefined);
  if (estimate?.usage === undefined) return undefined;
  const details: unknown = 'usageDetails' in estimate ? estimate.usageDetails : undefined;
  if (typeof details === 'object' && details !== null) {
    return 'indexedDB' in details && typeof details.indexedDB === 'number' ? details.indexedDB : 0;
  }
  return Math.max(0, estimate.usage - (await measureKeptPage()));
}

/** As the relay said that its files are long. */
async function measureKeptPage(): Promise<number> {
  const names = (await caches.keys()).filter((name) => name.startsWith(PAGE_CACHE_PREFIX));
  const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).matchAll()));
  return kept.flat().reduce((sum, { headers }) => sum + Number(headers.get('Content-Length') ?? 0), 0);
}

function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error ?? new Error('the browser did not say why'));
    request.onblocked = () => reject(new Error('The room is open in another tab. Close that tab first.'));
  });
}
