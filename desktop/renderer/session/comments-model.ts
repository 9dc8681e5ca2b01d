import { type Disposable, DisposableStore } from '../../../shared/lifecycle/index.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { Outcome } from '../ui/outcome.ts';
import type { CommentsModel, TalkDelivery, ThreadView } from '../ui/talk-model.ts';
import { DELIVERED } from './chat-model.ts';
import { observeEach, updateOn } from './observe.ts';
import type { RoomTalk } from './room-talk.ts';

const NO_ROOM = 'No folder or room is open.';
const GONE: Outcome = { ok: false, explanation: 'This thread was deleted by somebody else.' };
const NOTHING: readonly ThreadView[] = [];

/** The comments of the open room. */
export class RoomCommentsModel implements CommentsModel, Disposable {
  readonly threads = new ObservableValue<readonly ThreadView[]>(NOTHING);
  readonly lockReason = new ObservableValue<string | undefined>(NO_ROOM);
  readonly isClosed = new ObservableValue(false);
  readonly delivery = new ObservableValue<TalkDelivery>(DELIVERED);
  private readonly disposables = new DisposableStore();
  private readonly talk: Observable<RoomTalk | undefined>;

  constructor(talk: Observable<RoomTalk | undefined>) {
    this.talk = talk;
    this.disposables.add(observeEach(talk, (open) => this.follow(open)));
    this.disposables.add(talk.subscribe(() => this.clearWithoutRoom()));
  }

  reply(threadId: string, text: string): Outcome {
    return this.write((talk) => {
      const entry = talk.createEntry(talk.commentsStatus, text);
      if (!entry.ok) return entry;
      return talk.comments.reply(threadId, entry.value) ? { ok: true } : GONE;
    });
  }

  setResolved(threadId: string, isResolved: boolean): Outcome {
    return this.write(({ comments }) => (comments.setResolved(threadId, isResolved) ? { ok: true } : GONE));
  }

  remove(threadId: string, entryId: string): Outcome {
    return this.write((talk) => {
      const entry = talk.comments.get(threadId)?.entries.find(({ id }) => id === entryId);
      if (!entry) return GONE;
      if (!talk.describe(entry).author.isSelf) {
        return { ok: false, explanation: 'Only who wrote a comment can delete it.' };
      }
      talk.comments.removeEntry(threadId, entryId);
      return { ok: true };
    });
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private write(run: (talk: RoomTalk) => Outcome): Outcome {
    const talk = this.talk.get();
    const lockReason = talk ? talk.commentsStatus.lockReason : NO_ROOM;
    return talk && lockReason === undefined ? run(talk) : { ok: false, explanation: lockReason ?? NO_ROOM };
  }

  private follow(talk: RoomTalk): Disposable {
    const store = new DisposableStore();
    store.add(
      updateOn(
        () => this.showThreads(talk),
        (listener) => talk.comments.onDidChange(listener),
        (listener) => talk.onDidChangePeople(listener),
        (listener) => talk.onDidChangePlaces(listener),
        (listener) => talk.room.onDidChangeFiles(listener),
      ),
    );
    store.add(
      updateOn(
        () => this.showStatus(talk),
        (listener) => talk.onDidChangeStatus(listener),
      ),
    );
    return store;
  }

  private clearWithoutRoom(): void {
    if (this.talk.get()) return;
    this.threads.set(NOTHING);
    this.lockReason.set(NO_ROOM);
    this.isClosed.set(false);
    this.delivery.set(DELIVERED);
  }

  private showThreads(talk: RoomTalk): void {
    const { threads } = talk.comments;
    if (threads.length === 0 && this.threads.get().length === 0) return;
    this.threads.set(
      threads.map(({ threadId, fileId, quote, entries, isResolved }): ThreadView => {
        const place = talk.placeOf(threadId);
        return {
          threadId,
          fileId,
          path: talk.room.index.get(fileId)?.path,
          quote,
          entries: entries.map((entry) => talk.describe(entry)),
          isResolved,
          line: place?.line,
          isOutdated: place?.isOutdated ?? false,
        };
      }),
    );
  }

  private showStatus(talk: RoomTalk): void {
    const { lockReason, isClosed, delivery } = talk.commentsStatus;
    this.lockReason.set(lockReason);
    this.isClosed.set(isClosed);
    if (JSON.stringify(delivery) !== JSON.stringify(this.delivery.get())) this.delivery.set(delivery);
  }
}
