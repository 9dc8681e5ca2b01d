import type { Outcome, StorageChannels } from '../ipc/index.ts';
import type { DesktopRooms, RoomLease } from './session/desktop-rooms.ts';
import type { RoomHost } from './session/room-host.ts';

/** The windows as requests about what this device keeps see them. */
export interface StorageWindows {
  /** Room of the window that asks. */
  readonly host: RoomHost | undefined;
  /** Opens a room that this device keeps in the window that asks. */
  open(key: string): Promise<Outcome<boolean>>;
  /** Closes a room in every window. */
  closeRoom(host: RoomHost): void;
  /** Opens another window, on a room or without one. */
  openWindow(outcome: Outcome<RoomLease> | undefined): Promise<void>;
}

/** Answers to what a window asks about the rooms that this device keeps. */
export type StorageAnswers = {
  readonly [C in keyof StorageChannels]: (
    request: StorageChannels[C]['request'],
    rooms: DesktopRooms,
    windows: StorageWindows,
  ) => Promise<StorageChannels[C]['response']>;
};

export const STORAGE_ANSWERS: StorageAnswers = {
  'storage:list': async (_request, rooms) => {
    const stored = await rooms.listStored();
    const sizeBytes = stored.reduce((sum, room) => sum + (room.sizeBytes ?? 0), 0);
    return { ok: true, value: { rooms: stored, sizeBytes } };
  },
  'storage:current': async (_request, rooms, { host }) => ({
    ok: true,
    value: host && (await rooms.describeStored(host)),
  }),
  'storage:open': ({ key }, _rooms, windows) => windows.open(key),
  'storage:forget': async ({ key, evenUnsent }, rooms, windows) => {
    const host = rooms.findOpen(key);
    if (host && !evenUnsent && host.unsentDocuments > 0) {
      return { ok: false, explanation: 'Some of its edits are not on the relay. They would be lost.' };
    }
    if (host) windows.closeRoom(host);
    return rooms.forgetStored(key, evenUnsent);
  },
  'window:new': async (_request, rooms, windows) => {
    await windows.openWindow(windows.host && rooms.leaseAgain(windows.host));
    return { ok: true, value: true };
  },
};

/** In this order the requests are answered. */
export const STORAGE_CHANNELS: readonly (keyof StorageChannels)[] = [
  'storage:list',
  'storage:current',
  'storage:open',
  'storage:forget',
  'window:new',
];
