import { type Disposable, DisposableStore, MutableDisposable } from '../../../shared/lifecycle/index.ts';
import { type CommentedRange, MAX_QUOTE_CHARACTERS } from '../../../shared/workspace/index.ts';
import {
  anchorRange,
  type CommentMark,
  CommentMarks,
  type CommentPlace,
  type EditorPane,
  lastLine,
  LineZone,
  rangeToComment,
} from '../editor/index.ts';
import { ObservableValue } from '../ui/observable.ts';
import type { Outcome } from '../ui/outcome.ts';
import type { CommentZone } from '../ui/talk-model.ts';
import type { RoomTalk } from './room-talk.ts';

const LOADING: Outcome = { ok: false, explanation: 'This file is still loading.' };

export interface EditorCommentsOptions {
  readonly pane: EditorPane;
  readonly talk: RoomTalk;
  readonly fileId: string;
}

/** The comments on the file of one editor: marks at the text, and one thread at a time that is open below its line. */
export class EditorComments implements Disposable {
  readonly zone = new ObservableValue<CommentZone | undefined>(undefined);
  private readonly pane: EditorPane;
  private readonly talk: RoomTalk;
  private readonly fileId: string;
  private readonly disposables = new DisposableStore();
  private readonly whileReady = this.disposables.add(new MutableDisposable<DisposableStore>());
  private marks: CommentMarks | undefined;
  private readonly lineZone = this.disposables.add(new MutableDisposable<LineZone>());
  private wantedThreadId: string | undefined;

  constructor({ pane, talk, fileId }: EditorCommentsOptions) {
    this.pane = pane;
    this.talk = talk;
    this.fileId = fileId;
    this.disposables.add(pane.onDidChangeState(() => this.followText()));
    this.disposables.add(talk.comments.onDidChange(() => this.showThreads()));
    this.followText();
  }

  /** Opens a place for a comment on what is selected. */
  startComment(): Outcome {
    const { lockReason } = this.talk.commentsStatus;
    if (lockReason !== undefined) return { ok: false, explanation: lockReason };
    const { state, codeEditor } = this.pane;
    const range = rangeToComment(codeEditor);
    if (state?.kind !== 'ready' || !range) return LOADING;
    const commented = anchorRange(state.binding, range, MAX_QUOTE_CHARACTERS);
    const { element } = this.openZone(lastLine(range));
    this.zone.set({ element, threadId: undefined, isFocused: true, post: (text) => this.post(commented, text) });
    return { ok: true };
  }

  /** Brings a thread into view and opens it, as soon as its place is known. */
  revealThread(threadId: string): void {
    this.wantedThreadId = threadId;
    this.revealWanted();
  }

  /** Goes to the thread after or before the open one, or else the caret; from the last to the first. */
  revealNeighbour(direction: 'next' | 'previous'): void {
    const threads = this.marks?.inOrder() ?? [];
    const open = threads.findIndex(({ threadId }) => threadId === this.zone.get()?.threadId);
    const caret = this.pane.codeEditor.getPosition();
    const atCaret = caret ? threads.findIndex(({ range }) => !range.getStartPosition().isBefore(caret)) : 0;
    const at = atCaret < 0 ? threads.length : atCaret;
    const next = open >= 0 ? open + 1 : at;
    const previous = (open >= 0 ? open : at) - 1;
    const target = threads.at((direction === 'next' ? next : previous) % threads.length);
    if (target) this.revealThread(target.threadId);
  }

  close(): void {
    this.wantedThreadId = undefined;
    this.zone.set(undefined);
    this.lineZone.value = undefined;
  }

  dispose(): void {
    this.close();
    this.disposables.dispose();
    this.talk.setPlaces(this, undefined);
  }

  private followText(): void {
    const { state, codeEditor } = this.pane;
    if (state?.kind !== 'ready') {
      this.close();
      this.whileReady.value = undefined;
      this.marks = undefined;
      return;
    }
    if (this.marks) return;
    const whileReady = new DisposableStore();
    this.whileReady.value = whileReady;
    this.marks = whileReady.add(new CommentMarks({ codeEditor, binding: state.binding }));
    whileReady.add(this.marks.onDidPress((threadIds) => this.toggle(threadIds)));
    whileReady.add(this.marks.onDidChangePlaces((places) => this.follow(places)));
    this.showThreads();
  }

  private follow(places: ReadonlyMap<string, CommentPlace>): void {
    this.talk.setPlaces(this, places);
    const open = this.zone.get()?.threadId;
    const line = open === undefined ? undefined : places.get(open)?.line;
    if (line !== undefined) this.lineZone.value?.moveTo(line);
  }

  private showThreads(): void {
    const threads: readonly CommentMark[] = this.talk.comments.threads.filter(({ fileId }) => fileId === this.fileId);
    this.marks?.setMarks(threads);
    const open = this.zone.get()?.threadId;
    if (open !== undefined && !threads.some(({ threadId }) => threadId === open)) this.close();
    this.revealWanted();
  }

  private revealWanted(): void {
    const { wantedThreadId } = this;
    const range = wantedThreadId === undefined ? undefined : this.marks?.rangeOf(wantedThreadId);
    if (wantedThreadId === undefined || !range) return;
    this.wantedThreadId = undefined;
    this.openThread(wantedThreadId, true);
    this.pane.codeEditor.revealRangeInCenterIfOutsideViewport(range);
  }

  /** Opens the first of several threads at one place, then the next, and closes after the last. */
  private toggle(threadIds: readonly string[]): void {
    const open = this.zone.get()?.threadId;
    const next = threadIds[open === undefined ? 0 : threadIds.indexOf(open) + 1];
    if (next === undefined) this.close();
    else this.openThread(next, false);
  }

  private openThread(threadId: string, isFocused: boolean): void {
    const range = this.marks?.rangeOf(threadId);
    if (!range || this.zone.get()?.threadId === threadId) return;
    const { element } = this.openZone(lastLine(range));
    const post = (): Outcome => ({ ok: false, explanation: 'This thread has begun already.' });
    this.zone.set({ element, threadId, isFocused, post });
  }

  private openZone(line: number): LineZone {
    this.close();
    const zone = new LineZone(this.pane.codeEditor, line);
    this.lineZone.value = zone;
    return zone;
  }

  private post(commented: CommentedRange, text: string): Outcome {
    const entry = this.talk.createEntry(this.talk.commentsStatus, text);
    if (!entry.ok) return entry;
    const threadId = this.talk.comments.add(this.fileId, commented, entry.value);
    this.openThread(threadId, true);
    return { ok: true };
  }
}
