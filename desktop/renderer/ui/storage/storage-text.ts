import type { StoredRoomView } from '../storage-model.ts';

/** A size as people read it, such as "12.4 MiB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  const units = ['KiB', 'MiB', 'GiB'] as const;
  let size = bytes / 1024;
  for (const unit of units) {
    if (size < 1024 || unit === 'GiB') return `${size.toFixed(1)} ${unit}`;
    size /= 1024;
  }
  return `${bytes} bytes`;
}

/** What a room is called in lists. */
export function titleOf({ name, folder, key }: StoredRoomView): string {
  const folderName = folder?.split(/[\\/]/).findLast((part) => part !== '');
  return name ?? folderName ?? `Room ${key.slice(0, 8)}`;
}

/** Where a room comes from. */
export function placeOf({ folder, relayHost, canOpen }: StoredRoomView): string {
  if (folder !== undefined) return folder;
  if (!canOpen) return 'To open it you need a link to it.';
  return relayHost ?? '';
}

/** What of it the relay does not have; undefined when it has all. */
export function unsentText({ unsentDocuments }: StoredRoomView): string | undefined {
  if (unsentDocuments === undefined) return 'It cannot be told now whether the relay has all of it';
  if (unsentDocuments === 0) return undefined;
  return unsentDocuments === 1
    ? 'Edits in 1 file are not on the relay'
    : `Edits in ${unsentDocuments} files are not on the relay`;
}

/** What a person must know before a room is forgotten. */
export function forgetDetail(room: StoredRoomView): string {
  const unsent = unsentText(room);
  const size = room.sizeBytes === undefined ? '' : ` (${formatBytes(room.sizeBytes)})`;
  return [
    `Everything that this device keeps of the room${size} is removed.`,
    unsent === undefined ? undefined : `${unsent}. They are lost.`,
    room.folder === undefined ? undefined : `The files in ${room.folder} stay as they are.`,
    room.isOwner
      ? 'You made this room: its key is removed too, and this device cannot manage it any more.'
      : 'To come back you need a link.',
  ]
    .filter((sentence) => sentence !== undefined)
    .join(' ');
}
