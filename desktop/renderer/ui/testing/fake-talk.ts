import { ObservableValue } from '../observable.ts';
import type { Outcome } from '../outcome.ts';
import type { AuthorView, ChatModel, CommentsModel, EntryView, TalkDelivery, ThreadView } from '../talk-model.ts';

/** Chat and comments in memory, with everything settable from a test. */
export class FakeTalk {
  readonly messages = new ObservableValue<readonly EntryView[]>([]);
  readonly unreadCount = new ObservableValue(0);
  readonly chatLock = new ObservableValue<string | undefined>(undefined);
  readonly threads = new ObservableValue<readonly ThreadView[]>([]);
  readonly commentsLock = new ObservableValue<string | undefined>(undefined);
  readonly delivery = new ObservableValue<TalkDelivery>({ kind: 'delivered' });
  /** What is answered from now on. */
  outcome: Outcome = { ok: true };
  readonly chat: ChatModel;
  readonly comments: CommentsModel;

  /** `note` is told what is asked for. */
  constructor(note: (call: string) => void) {
    const answer = (call: string): Outcome => {
      note(call);
      return this.outcome;
    };
    this.chat = {
      messages: this.messages,
      unreadCount: this.unreadCount,
      lockReason: this.chatLock,
      delivery: this.delivery,
      send: (text) => answer(`send ${text}`),
      markRead: () => this.unreadCount.set(0),
    };
    this.comments = {
      threads: this.threads,
      lockReason: this.commentsLock,
      isClosed: new ObservableValue(false),
      delivery: this.delivery,
      reply: (threadId, text) => answer(`reply ${threadId} ${text}`),
      setResolved: (threadId, isResolved) => answer(`resolve ${threadId} ${isResolved}`),
      remove: (threadId, entryId) => answer(`remove ${threadId} ${entryId}`),
    };
  }
}

/** Somebody who wrote something. */
export function createAuthor(name: string, isSelf = false): AuthorView {
  return { subject: name, name, colorIndex: name.length % 12, isSelf };
}

/** Something that `name` wrote. */
export function createEntry(name: string, text: string, rest: Partial<EntryView> = {}): EntryView {
  return { id: `${name}: ${text}`, text, atMs: 0, author: createAuthor(name), ...rest };
}

/** A thread on the first file. */
export function createThread(threadId: string, rest: Partial<ThreadView> = {}): ThreadView {
  return {
    threadId,
    fileId: 'f0',
    path: 'src/a.ts',
    quote: 'commented',
    entries: [createEntry('Ben', 'Why?')],
    isResolved: false,
    line: undefined,
    isOutdated: false,
    ...rest,
  };
}
