import type * as Y from 'yjs';
import { type Disposable, DisposableStore, Emitter, type Event, toDisposable } from '../lifecycle/index.ts';
import { readStoredEntries, type TalkEntry, toStoredEntry } from './talk-entry.ts';

/** Name of the document with a room's chat. */
export const CHAT_DOCUMENT = 'chat';

/** Earlier messages are kept in the document, but not read. */
export const MAX_SHOWN_MESSAGES = 1_000;

/** The messages of a room, read from and written to its chat document. What makes no sense is not shown. */
export class ChatLog implements Disposable {
  private readonly doc: Y.Doc;
  private readonly stored: Y.Array<unknown>;
  private readonly disposables = new DisposableStore();
  private readonly changeEmitter = this.disposables.add(new Emitter<void>());
  private cache: readonly TalkEntry[] | undefined;

  /** Fires after every transaction that touched the messages. */
  readonly onDidChange: Event<void> = this.changeEmitter.event;

  constructor(doc: Y.Doc) {
    this.doc = doc;
    this.stored = doc.getArray('messages');
    const invalidate = () => {
      this.cache = undefined;
      this.changeEmitter.fire();
    };
    this.stored.observeDeep(invalidate);
    this.disposables.add(toDisposable(() => this.stored.unobserveDeep(invalidate)));
  }

  /** The last {@link MAX_SHOWN_MESSAGES}, in the order in which the room has them. The identical list until the next change. */
  get messages(): readonly TalkEntry[] {
    this.cache ??= readStoredEntries(this.stored.slice(Math.max(0, this.stored.length - MAX_SHOWN_MESSAGES)));
    return this.cache;
  }

  append(entry: TalkEntry): void {
    this.doc.transact(() => this.stored.push([toStoredEntry(entry)]));
  }

  dispose(): void {
    this.disposables.dispose();
  }
}
