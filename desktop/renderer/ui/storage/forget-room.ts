import type { StoredRoomView } from '../storage-model.ts';
import type { WorkbenchServices } from '../workbench/workbench-services.ts';
import { forgetDetail, titleOf } from './storage-text.ts';

/** Asks whether a room is to be forgotten, naming what is lost, and forgets it. */
export function confirmForget({ model, state }: WorkbenchServices, room: StoredRoomView): void {
  const title = titleOf(room);
  state.dialog.set({
    kind: 'confirm',
    title: `Forget "${title}" on this device?`,
    detail: forgetDetail(room),
    quoted: [title, ...(room.folder === undefined ? [] : [room.folder])],
    confirmLabel: 'Forget',
    run: () => model.storage.forget(room.key, room.unsentDocuments !== 0),
  });
}
