import { errorMessage } from '../../../shared/lifecycle/index.ts';
import type { InvokeChannels, Outcome, StorageChannels, StoredRoom } from '../../ipc/index.ts';
import {
  countUnsentIn,
  estimateUsedBytes,
  forgetIndexedDbRoom,
  listIndexedDbRooms,
} from '../session/indexeddb-rooms.ts';
import { rememberedRoomName } from '../session/room-names.ts';

type Answers = {
  readonly [C in keyof StorageChannels]: (
    request: StorageChannels[C]['request'],
  ) => Promise<InvokeChannels[C]['response']>;
};

/** The page's room, as requests about what the browser keeps see it. */
export interface PageRoom {
  /** The room that is open. */
  readonly room: string | undefined;
  leave(): Promise<void>;
  /** Opens what this browser keeps of a room. */
  openStored(room: string): Promise<Outcome<boolean>>;
}

/** Answers to what the page asks about the rooms that this browser keeps. */
export function answerStorage(page: PageRoom): Answers {
  const describe = async (room: string): Promise<StoredRoom> => ({
    key: room,
    name: rememberedRoomName(room),
    relayUrl: window.location.origin,
    folder: undefined,
    // The browser tells only what all rooms take together.
    sizeBytes: undefined,
    unsentDocuments: await countUnsentIn(room),
    openedMs: 0,
    isOpen: room === page.room,
    isOwner: false,
    canOpen: true,
  });
  return {
    'storage:list': async () => {
      const rooms = await Promise.all((await listIndexedDbRooms()).map(describe));
      return { ok: true, value: { rooms, sizeBytes: await estimateUsedBytes() } };
    },
    'storage:current': async () => {
      if (page.room === undefined) return { ok: true, value: undefined };
      return { ok: true, value: { ...(await describe(page.room)), sizeBytes: await estimateUsedBytes() } };
    },
    'storage:open': async ({ key }) => (key === page.room ? { ok: true, value: true } : page.openStored(key)),
    'storage:forget': async ({ key, evenUnsent }) => {
      if (!evenUnsent && (await countUnsentIn(key)) > 0) {
        return { ok: false, explanation: 'Some of its edits are not on the relay. They would be lost.' };
      }
      if (key === page.room) await page.leave();
      try {
        await forgetIndexedDbRoom(key);
        return { ok: true, value: true };
      } catch (error) {
        return { ok: false, explanation: errorMessage(error) };
      }
    },
    'window:new': async () => {
      window.open(window.location.href, '_blank', 'noopener');
      return { ok: true, value: true };
    },
  };
}
