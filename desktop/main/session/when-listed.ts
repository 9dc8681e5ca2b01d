import type { DocumentReplica } from '../../../shared/sync/index.ts';
import type { WorkspaceIndex } from '../../../shared/workspace/index.ts';
import { unlessAborted } from './cancelled.ts';
import type { RoomStorage } from './room-storage.ts';

interface ListedRoom {
  readonly index: WorkspaceIndex;
  readonly indexReplica: DocumentReplica;
  readonly storage: RoomStorage;
}

/**
 * Resolves when the list of the room's files may be compared with a folder: the relay is waited for when the caller says
 * so, and when the list was lost on this device. Rejects with CancelledError when `signal` aborts.
 */
export async function whenListed(room: ListedRoom, waitsForRelay: boolean, signal: AbortSignal): Promise<void> {
  const { indexReplica, index, storage } = room;
  await unlessAborted(indexReplica.whenLoaded, signal);
  // Without its list the room would be seeded a second time: the relay gives it back.
  const isListLost = index.files.length === 0 && (storage.bases.list().length > 0 || storage.damage !== undefined);
  if (waitsForRelay || isListLost) await unlessAborted(indexReplica.whenSynced, signal);
}
