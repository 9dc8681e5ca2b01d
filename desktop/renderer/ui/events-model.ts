import type { Disposable } from '../../../shared/lifecycle/index.ts';
import type { Observable } from './observable.ts';
import type { Answer } from './outcome.ts';

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

/** A file that an event changed. */
export interface EventFileView {
  readonly fileId: string;
  /** As it is now, or was last known. From others: shown as text only. */
  readonly path: string;
  /** False when it is not in the list of files any more. */
  readonly isListed: boolean;
}

export interface EventFilesView {
  /** The first ones by path. */
  readonly files: readonly EventFileView[];
  /** How many files with a path follow. */
  readonly moreCount: number;
  /** How many the event says it was about besides: their names changed alone, or they were deleted. */
  readonly unnamedCount: number;
}

/** The labelled events in the history of the room. */
export interface EventsModel {
  readonly state: Observable<RoomEventsState>;
  /** Asks the relay now, and again and again until the result is disposed. */
  watch(): Disposable;
  /** Asks the relay now, if somebody watches. */
  refresh(): void;
  /** Asks for older ones; resolves when they are there. */
  loadMore(): Promise<void>;
  /** Which files a listed event changed. */
  listFiles(seq: number): Promise<Answer<EventFilesView>>;
}
