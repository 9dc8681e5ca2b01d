import type { Disposable } from '../../../shared/lifecycle/index.ts';
import type { Observable } from './observable.ts';

/** Many edits that were one act of somebody, such as a switch of branches. Names come from others and are shown as text only. */
export interface RoomEventView {
  /** Rises from event to event of the room. */
  readonly seq: number;
  /** Such as `bulk` or `blob`; later relays may know others. */
  readonly kind: string;
  readonly label: string;
  /** How many files it was about. */
  readonly fileCount: number;
  readonly name: string;
  /** Index into the presence palette. */
  readonly colorIndex: number;
  readonly isSelf: boolean;
  /** Milliseconds since the epoch; not later than the relay knew of it. */
  readonly atMs: number;
}

export interface RoomEventsState {
  /** Newest first. */
  readonly events: readonly RoomEventView[];
  /** Whether there are older ones. */
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  /** Why the relay did not tell the last time; what was known before stays shown beside it. */
  readonly explanation: string | undefined;
}

/** The labelled events in the history of the room. */
export interface EventsModel {
  readonly state: Observable<RoomEventsState>;
  /** Asks the relay now, and again and again until the result is disposed. */
  watch(): Disposable;
  /** Asks for older ones; resolves when they are there. */
  loadMore(): Promise<void>;
}
