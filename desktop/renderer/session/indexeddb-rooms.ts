import { awayDatabaseOf, openIndexedDbStore } from './indexeddb-store.ts';

const NAME = /^tutti\/([^/]+)\//;

/** Rooms of which this browser keeps anything. */
export async function listIndexedDbRooms(): Promise<readonly string[]> {
  const databases = await indexedDB.databases();
  return [...new Set(databases.flatMap(({ name }) => NAME.exec(name ?? '')?.[1] ?? []))].sort();
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

/** What this origin keeps in all. Undefined where the browser does not tell. */
export async function estimateUsedBytes(): Promise<number | undefined> {
  const estimate = await navigator.storage?.estimate?.().catch(() => undefined);
  return estimate?.usage;
}

function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error ?? new Error('the browser did not say why'));
    request.onblocked = () => reject(new Error('The room is open in another tab. Close that tab first.'));
  });
}
