import { toDisposable } from '../../../../shared/lifecycle/index.ts';
import type { EventFilesView, EventsModel, RoomEventsState, RoomEventView } from '../events-model.ts';
import { ObservableValue } from '../observable.ts';
import type { Answer } from '../outcome.ts';

/** The room's events in memory, settable from a test. */
export class FakeEvents {
  readonly state = new ObservableValue<RoomEventsState>({
    events: [],
    hasMore: false,
    isLoading: false,
    explanation: undefined,
  });
  /** How many views ask for news now. */
  watchers = 0;
  /** What the relay tells of the files of an event. */
  files: Answer<EventFilesView> = { ok: true, value: { files: [], moreCount: 0, unnamedCount: 0 } };
  readonly model: EventsModel;

  /** `note` is told what is asked for. */
  constructor(note: (call: string) => void) {
    this.model = {
      state: this.state,
      watch: () => {
        this.watchers++;
        return toDisposable(() => {
          this.watchers--;
        });
      },
      refresh: () => note('refresh events'),
      loadMore: async () => note('load older events'),
      listFiles: async (seq) => {
        note(`list files of ${seq}`);
        return this.files;
      },
    };
  }

  show(events: readonly RoomEventView[], rest: Partial<RoomEventsState> = {}): void {
    this.state.set({ ...this.state.get(), ...rest, events });
  }
}

/** A switch of branches. */
export function createRoomEvent(seq: number, rest: Partial<RoomEventView> = {}): RoomEventView {
  const base = { kind: 'bulk', label: 'Switched to branch main', fileCount: 500, name: 'Ben', colorIndex: 3 };
  return { seq, ...base, isSelf: false, atMs: 0, ...rest };
}
