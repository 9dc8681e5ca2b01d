import type { AccessKey } from './access-directory.ts';

/** Edits of one document that belong together, by their numbers. */
export interface EventSpan {
  readonly document: string;
  readonly epoch: string;
  readonly fromSeq: number;
  /** Inclusive. */
  readonly toSeq: number;
}

/** Many edits that were one act, such as a switch to another branch, under the words of who did it. */
export interface NewRoomEvent {
  /** Chosen by who sends it, so that sending it again is harmless. */
  readonly eventId: string;
  /** Such as `bulk`. */
  readonly kind: string;
  readonly label: string;
  /** For programs, by the kind; the relay does not look into it. */
  readonly detail: string;
  /** How many files it was about. */
  readonly files: number;
  /** By the clock of who did it. */
  readonly atMs: number;
  /** By the relay's clock. */
  readonly receivedMs: number;
  /** Subject and name of who did it, as their token has them. */
  readonly actor: string;
  readonly actorName: string;
  readonly spans: readonly EventSpan[];
}

export interface RoomEvent extends NewRoomEvent {
  /** Counts the room's events from 1. */
  readonly seq: number;
}

/** What a room keeps of its events at most; the oldest go. */
export interface EventBounds {
  readonly maxEvents: number;
  /** As {@link EventDirectory} stores them. */
  readonly maxBytes: number;
}

export interface EventPage {
  /** Only those below; undefined: the newest. */
  readonly beforeSeq?: number | undefined;
  readonly limit: number;
  /** Stops after the event that reaches this size; at least one is given when there is one. */
  readonly maxBytes: number;
}

export type AddedEvent =
  /** `isNew` is false when it was there before. */
  | { readonly kind: 'kept'; readonly seq: number; readonly isNew: boolean }
  /** Somebody else's event has this id. */
  | { readonly kind: 'taken' };

/** The events of rooms. Every method rejects with a `LogFailure`. */
export interface EventDirectory {
  /** Durable when it resolves. One of the same person and id counts as the same, whatever else it says. */
  addEvent(key: AccessKey, event: NewRoomEvent, bounds: EventBounds): Promise<AddedEvent>;
  /** Newest first; fewer than asked for do not mean that there are no more. */
  listEvents(key: AccessKey, page: EventPage): Promise<readonly RoomEvent[]>;
}
