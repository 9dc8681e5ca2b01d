import { type Disposable, DisposableStore } from '../../../shared/lifecycle/index.ts';
import type { TalkEntry } from '../../../shared/workspace/index.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { Outcome } from '../ui/outcome.ts';
import type { ChatModel, EntryView, TalkDelivery } from '../ui/talk-model.ts';
import { observeEach, updateOn } from './observe.ts';
import { keepReadMark, readMarkOf } from './read-marks.ts';
import type { RoomTalk } from './room-talk.ts';

const NO_ROOM = 'No folder or room is open.';
const NOTHING: readonly EntryView[] = [];
export const DELIVERED: TalkDelivery = { kind: 'delivered' };

/** The chat of the open room. */
export class RoomChatModel implements ChatModel, Disposable {
  readonly messages = new ObservableValue<readonly EntryView[]>(NOTHING);
  readonly unreadCount = new ObservableValue(0);
  readonly lockReason = new ObservableValue<string | undefined>(NO_ROOM);
  readonly delivery = new ObservableValue<TalkDelivery>(DELIVERED);
  private readonly disposables = new DisposableStore();
  private readonly talk: Observable<RoomTalk | undefined>;
  /** Ids of messages that were shown here. */
  private readonly readIds = new Set<string>();
  private hasReadMark = false;

  constructor(talk: Observable<RoomTalk | undefined>) {
    this.talk = talk;
    this.disposables.add(talk.subscribe(() => this.changeRoom()));
    this.disposables.add(observeEach(talk, (open) => this.follow(open)));
  }

  send(text: string): Outcome {
    const talk = this.talk.get();
    if (!talk) return { ok: false, explanation: NO_ROOM };
    const entry = talk.createEntry(talk.chatStatus, text);
    if (!entry.ok) return entry;
    talk.chat.append(entry.value);
    return { ok: true };
  }

  markRead(): void {
    const talk = this.talk.get();
    if (!talk) return;
    const { messages } = talk.chat;
    for (const { id } of messages) this.readIds.add(id);
    const last = messages.at(-1);
    if (last) keepReadMark(talk.room.status.room, last);
    this.unreadCount.set(0);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private follow(talk: RoomTalk): Disposable {
    const store = new DisposableStore();
    store.add(
      updateOn(
        () => this.showMessages(talk),
        (listener) => talk.chat.onDidChange(listener),
        (listener) => talk.onDidChangePeople(listener),
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

  private changeRoom(): void {
    this.readIds.clear();
    this.hasReadMark = false;
    if (this.talk.get()) return;
    this.messages.set(NOTHING);
    this.unreadCount.set(0);
    this.lockReason.set(NO_ROOM);
    this.delivery.set(DELIVERED);
  }

  private showMessages(talk: RoomTalk): void {
    const entries = talk.chat.messages;
    if (!this.hasReadMark && entries.length > 0) this.takeReadMark(talk, entries);
    const messages = entries.map((entry) => talk.describe(entry));
    this.messages.set(messages);
    this.unreadCount.set(messages.filter(({ id, author }) => !author.isSelf && !this.readIds.has(id)).length);
  }

  /** What came before the mark has been read, and what it says by its time where the mark itself is gone. */
  private takeReadMark(talk: RoomTalk, entries: readonly TalkEntry[]): void {
    this.hasReadMark = true;
    const mark = readMarkOf(talk.room.status.room);
    if (!mark) return;
    const at = entries.findIndex(({ id }) => id === mark.id);
    const read = at < 0 ? entries.filter(({ atMs }) => atMs <= mark.atMs) : entries.slice(0, at + 1);
    for (const { id } of read) this.readIds.add(id);
  }

  private showStatus(talk: RoomTalk): void {
    const { lockReason, delivery } = talk.chatStatus;
    this.lockReason.set(lockReason);
    if (JSON.stringify(delivery) !== JSON.stringify(this.delivery.get())) this.delivery.set(delivery);
  }
}
