import * as Y from 'yjs';
import { type Disposable, DisposableStore, Emitter, type Event, toDisposable } from '../lifecycle/index.ts';
import { createFileId } from './file-id.ts';
import { isTalkId, readStoredEntries, type TalkEntry, toStoredEntry } from './talk-entry.ts';

/** Name of the document with the comments on a room's files. */
export const COMMENTS_DOCUMENT = 'comments';

/** What is commented on: a range of a file that stays with its text, whoever edits. */
export interface CommentedRange {
  /** Encoded relative position in the file's text. From others: opaque bytes, which may be of anything. */
  readonly start: Uint8Array;
  /** As `start`. */
  readonly end: Uint8Array;
  /** The text when it was commented on, or the beginning of it. */
  readonly quote: string;
}

/** A comment and the answers to it. */
export interface CommentThread extends CommentedRange {
  readonly threadId: string;
  readonly fileId: string;
  /** In the order in which the room has them; never empty. */
  readonly entries: readonly TalkEntry[];
  readonly isResolved: boolean;
}

export const MAX_QUOTE_CHARACTERS = 500;
/** More than this is kept, but not read. */
export const MAX_SHOWN_THREADS = 2_000;
const MAX_SHOWN_ENTRIES = 500;
const MAX_POSITION_BYTES = 128;

export interface CommentThreadsOptions {
  /** Floats in [0, 1) for thread ids. */
  readonly random: () => number;
  readonly nowMs: () => number;
}

/** The comments of a room, read from and written to its comments document. What makes no sense is not shown. */
export class CommentThreads implements Disposable {
  private readonly doc: Y.Doc;
  private readonly stored: Y.Map<unknown>;
  private readonly options: CommentThreadsOptions;
  private readonly disposables = new DisposableStore();
  private readonly changeEmitter = this.disposables.add(new Emitter<void>());
  private cache: readonly CommentThread[] | undefined;

  /** Fires after every transaction that touched a thread. */
  readonly onDidChange: Event<void> = this.changeEmitter.event;

  constructor(doc: Y.Doc, options: CommentThreadsOptions) {
    this.doc = doc;
    this.options = options;
    this.stored = doc.getMap('threads');
    const invalidate = () => {
      this.cache = undefined;
      this.changeEmitter.fire();
    };
    this.stored.observeDeep(invalidate);
    this.disposables.add(toDisposable(() => this.stored.unobserveDeep(invalidate)));
  }

  /** The oldest first. The identical list until the next change. */
  get threads(): readonly CommentThread[] {
    this.cache ??= this.read();
    return this.cache;
  }

  get(threadId: string): CommentThread | undefined {
    return this.threads.find((thread) => thread.threadId === threadId);
  }

  /** Begins a thread and returns its id. */
  add(fileId: string, { start, end, quote }: CommentedRange, entry: TalkEntry): string {
    const threadId = createFileId(this.options.nowMs(), this.options.random);
    this.doc.transact(() => {
      const thread = new Y.Map<unknown>();
      thread.set('fileId', fileId);
      thread.set('start', start);
      thread.set('end', end);
      thread.set('quote', quote.slice(0, MAX_QUOTE_CHARACTERS));
      thread.set('isResolved', false);
      thread.set('entries', Y.Array.from([toStoredEntry(entry)]));
      this.stored.set(threadId, thread);
    });
    return threadId;
  }

  /** Adds an answer. False when the thread is not there any more. */
  reply(threadId: string, entry: TalkEntry): boolean {
    const entries = this.storedThread(threadId)?.get('entries');
    if (!(entries instanceof Y.Array)) return false;
    entries.push([toStoredEntry(entry)]);
    return true;
  }

  /** False when the thread is not there any more. */
  setResolved(threadId: string, isResolved: boolean): boolean {
    const thread = this.storedThread(threadId);
    if (!thread) return false;
    if (thread.get('isResolved') !== isResolved) thread.set('isResolved', isResolved);
    return true;
  }

  /** Takes an entry out, and with the last one the thread. */
  removeEntry(threadId: string, entryId: string): void {
    const thread = this.storedThread(threadId);
    const entries: unknown = thread?.get('entries');
    if (!(entries instanceof Y.Array)) return;
    this.doc.transact(() => {
      const values: readonly unknown[] = entries.toArray();
      for (let index = values.length - 1; index >= 0; index--) {
        if (readStoredEntries(values.slice(index, index + 1))[0]?.id === entryId) entries.delete(index);
      }
      if (readEntries(entries).length === 0) this.stored.delete(threadId);
    });
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private storedThread(threadId: string): Y.Map<unknown> | undefined {
    const thread = this.stored.get(threadId);
    return thread instanceof Y.Map ? thread : undefined;
  }

  private read(): readonly CommentThread[] {
    const threads: CommentThread[] = [];
    for (const threadId of [...this.stored.keys()].sort().slice(-MAX_SHOWN_THREADS)) {
      const thread = readThread(threadId, this.storedThread(threadId));
      if (thread) threads.push(thread);
    }
    return threads;
  }
}

function readThread(threadId: string, stored: Y.Map<unknown> | undefined): CommentThread | undefined {
  if (!stored || !isTalkId(threadId)) return undefined;
  const [fileId, start, end, quote] = ['fileId', 'start', 'end', 'quote'].map((key): unknown => stored.get(key));
  const entries = readEntries(stored.get('entries'));
  if (!isTalkId(fileId) || !isPosition(start) || !isPosition(end) || typeof quote !== 'string') return undefined;
  if (entries.length === 0) return undefined;
  const isResolved = stored.get('isResolved') === true;
  return { threadId, fileId, start, end, quote: quote.slice(0, MAX_QUOTE_CHARACTERS), entries, isResolved };
}

function readEntries(stored: unknown): readonly TalkEntry[] {
  return stored instanceof Y.Array ? readStoredEntries(stored.slice(0, MAX_SHOWN_ENTRIES)) : [];
}

function isPosition(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength > 0 && value.byteLength <= MAX_POSITION_BYTES;
}
