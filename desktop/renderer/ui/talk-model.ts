import type { Observable } from './observable.ts';
import type { Outcome } from './outcome.ts';

/** Who wrote something, by the writer's word; the name is the relay's where that person is in the room. Shown as text only. */
export interface AuthorView {
  readonly subject: string;
  /** Never empty. */
  readonly name: string;
  /** Index into the presence palette. */
  readonly colorIndex: number;
  readonly isSelf: boolean;
}

/** A message of the chat, or a comment. */
export interface EntryView {
  readonly id: string;
  /** From anybody: shown as text only. */
  readonly text: string;
  readonly atMs: number;
  readonly author: AuthorView;
}

/** Whether others can have what was written here. */
export type TalkDelivery =
  | { readonly kind: 'delivered' }
  /** It is on this device and will be sent. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'refused'; readonly explanation: string };

/** The chat of the open room. */
export interface ChatModel {
  /** In the room's order; empty while no room is open. */
  readonly messages: Observable<readonly EntryView[]>;
  /** Messages of others that were never shown on this device. */
  readonly unreadCount: Observable<number>;
  /** Why self cannot write; undefined when self can. */
  readonly lockReason: Observable<string | undefined>;
  readonly delivery: Observable<TalkDelivery>;
  send(text: string): Outcome;
  /** All messages have been shown. */
  markRead(): void;
}

/** A thread of comments on a range of a file. */
export interface ThreadView {
  readonly threadId: string;
  readonly fileId: string;
  /** Undefined while the file is not listed. */
  readonly path: string | undefined;
  /** What was commented on, as it was then; empty when that was an empty line. */
  readonly quote: string;
  /** Never empty. */
  readonly entries: readonly EntryView[];
  readonly isResolved: boolean;
  /** One-based; known while an editor shows the file. */
  readonly line: number | undefined;
  /** The text that was commented on is gone, as far as that is known. */
  readonly isOutdated: boolean;
}

/** The comments on the files of the open room. */
export interface CommentsModel {
  /** The oldest first; empty while no room is open. */
  readonly threads: Observable<readonly ThreadView[]>;
  /** Why self cannot write; undefined when self can. */
  readonly lockReason: Observable<string | undefined>;
  /** Whether comments are closed to self: nothing of them comes here. */
  readonly isClosed: Observable<boolean>;
  readonly delivery: Observable<TalkDelivery>;
  reply(threadId: string, text: string): Outcome;
  setResolved(threadId: string, isResolved: boolean): Outcome;
  /** Takes out a comment of self's, and with the last one the thread. */
  remove(threadId: string, entryId: string): Outcome;
}

/** What is open between two lines of an editor: a thread, or the place where one is about to begin. */
export interface CommentZone {
  /** Where the interface draws. */
  readonly element: HTMLElement;
  /** Undefined while nothing has been written yet. */
  readonly threadId: string | undefined;
  /** Somebody went there on purpose. */
  readonly isFocused: boolean;
  /** Begins the thread; only where there is none yet. */
  post(text: string): Outcome;
}
