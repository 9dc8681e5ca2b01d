import { ObservableValue } from '../observable.ts';
import type { Outcome } from '../outcome.ts';
import type { StorageModel, StoredRoomView } from '../storage-model.ts';

/** What a device keeps, settable from a test. */
export class FakeStorage {
  readonly rooms = new ObservableValue<readonly StoredRoomView[] | undefined>([]);
  readonly sizeBytes = new ObservableValue<number | undefined>(undefined);
  readonly current = new ObservableValue<StoredRoomView | undefined>(undefined);
  /** What is found when it is looked up. */
  onRefresh: () => void = () => undefined;
  readonly model: StorageModel;

  /** `answer` is told what is asked for, and decides what comes of it. */
  constructor(answer: (call: string, change?: () => void) => Promise<Outcome>) {
    this.model = {
      rooms: this.rooms,
      sizeBytes: this.sizeBytes,
      current: this.current,
      canOpenWindows: true,
      refresh: async () => {
        this.onRefresh();
        return { ok: true };
      },
      open: (key) => answer(`open room ${key}`),
      forget: (key, evenUnsent) =>
        answer(`forget ${key} ${evenUnsent ? 'even unsent' : ''}`.trim(), () =>
          this.rooms.set((this.rooms.get() ?? []).filter((room) => room.key !== key)),
        ),
      openWindow: () => answer('open window'),
    };
  }
}

/** A room that a device keeps. */
export function createStoredRoom(key: string, rest: Partial<StoredRoomView> = {}): StoredRoomView {
  return {
    key,
    name: key,
    relayHost: 'tutti.example.org',
    folder: undefined,
    sizeBytes: 13_002_342,
    unsentDocuments: 0,
    openedMs: 0,
    isOpen: false,
    isOwner: false,
    canOpen: true,
    ...rest,
  };
}
