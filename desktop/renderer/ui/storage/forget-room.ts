import type { StoredRoomView } from '../storage-model.ts';
import type { WorkbenchServices } from '../workbench/workbench-services.ts';
import type { DialogAlternative } from '../workbench/workbench-state.ts';
import { forgetDetail, titleOf } from './storage-text.ts';

/** Asks whether a room is to be forgotten, naming what is lost and how to keep it, and forgets it. */
export function confirmForget(services: WorkbenchServices, room: StoredRoomView): void {
  const { model, state } = services;
  const title = titleOf(room);
  state.dialog.set({
    kind: 'confirm',
    title: `Forget "${title}" on this device?`,
    detail: forgetDetail(room),
    quoted: [title, ...(room.folder === undefined ? [] : [room.folder])],
    confirmLabel: 'Forget',
    isDangerous: true,
    alternatives: waysToKeep(services, room),
    run: () => model.storage.forget(room.key, room.unsentDocuments !== 0),
  });
}

/** What would be lost can be written to a file of the person's own, in the window that has the room. */
function waysToKeep({ model }: WorkbenchServices, room: StoredRoomView): readonly DialogAlternative[] {
  if (room.unsentDocuments === 0) return [];
  const isHere = model.storage.current.get()?.key === room.key;
  if (!isHere) {
    return room.canOpen
      ? [{ label: 'Open the Room Instead', run: () => model.storage.open(room.key), closes: true }]
      : [];
  }
  return [
    { label: 'Export My Unsent Edits…', run: () => model.access.exportUnsent(), closes: false },
    { label: 'Save a Copy of the Files…', run: () => model.access.exportFiles(), closes: false },
  ];
}
