import {
  type Disposable,
  DisposableStore,
  Emitter,
  MutableDisposable,
  type Scheduler,
  systemScheduler,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import type { CommentedRange } from '../../../shared/workspace/index.ts';
import { AnimationFrameTask } from './animation-frame.ts';
import { type ResolvedRange, resolveRange } from './comment-anchor.ts';
import './comments.css';
import { editor, Range } from './monaco.ts';
import type { TextBinding } from './text-binding.ts';

/** A thread of comments as the editor draws it. */
export interface CommentMark extends CommentedRange {
  readonly threadId: string;
  readonly isResolved: boolean;
}

/** Where a thread is. */
export interface CommentPlace {
  /** One-based: the last line of what was commented on. */
  readonly line: number;
  readonly isOutdated: boolean;
}

export interface CommentMarksOptions {
  readonly codeEditor: editor.ICodeEditor;
  readonly binding: TextBinding;
  readonly scheduler?: Scheduler;
}

/** How long the text is left alone before places are looked up in it again; until then Monaco carries them along. */
const SETTLE_MS = 300;

interface DrawnMark {
  readonly mark: CommentMark;
  readonly isOutdated: boolean;
}

/** Marks the ranges of a file that have comments, in one editor, and tells where they are. */
export class CommentMarks implements Disposable {
  private readonly binding: TextBinding;
  private readonly scheduler: Scheduler;
  private readonly disposables = new DisposableStore();
  private readonly placesChanged = this.disposables.add(new Emitter<ReadonlyMap<string, CommentPlace>>());
  private readonly pressed = this.disposables.add(new Emitter<readonly string[]>());
  private readonly settling = this.disposables.add(new MutableDisposable());
  private readonly frame = this.disposables.add(new AnimationFrameTask(() => this.tellPlaces()));
  private readonly decorations: editor.IEditorDecorationsCollection;
  private marks: readonly CommentMark[] = [];
  /** In the order of the decorations, two for each: the range, and the sign in the margin. */
  private drawn: readonly DrawnMark[] = [];
  private placesKey = '';

  /** Fires when threads have come, gone or moved to other lines. */
  readonly onDidChangePlaces = this.placesChanged.event;
  /** Fires with the ids of the threads whose sign in the margin was pressed. */
  readonly onDidPress = this.pressed.event;

  constructor({ codeEditor, binding, scheduler = systemScheduler }: CommentMarksOptions) {
    this.binding = binding;
    this.scheduler = scheduler;
    this.decorations = codeEditor.createDecorationsCollection();
    this.disposables.add(toDisposable(() => this.decorations.clear()));
    this.disposables.add(codeEditor.onDidChangeModelContent(() => this.noticeEdit()));
    this.disposables.add(codeEditor.onMouseDown((event) => this.press(event)));
  }

  setMarks(marks: readonly CommentMark[]): void {
    this.marks = marks;
    this.draw();
  }

  /** Where a thread is drawn. */
  rangeOf(threadId: string): Range | undefined {
    const index = this.drawn.findIndex(({ mark }) => mark.threadId === threadId);
    return index < 0 ? undefined : (this.decorations.getRange(2 * index) ?? undefined);
  }

  /** The threads that are drawn, by where they begin. */
  inOrder(): readonly { readonly threadId: string; readonly range: Range }[] {
    const threads = this.drawn.flatMap(({ mark: { threadId } }) => {
      const range = this.rangeOf(threadId);
      return range ? [{ threadId, range }] : [];
    });
    return threads.sort((a, b) => Range.compareRangesUsingStarts(a.range, b.range));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private draw(): void {
    const drawn: DrawnMark[] = [];
    const decorations: editor.IModelDeltaDecoration[] = [];
    for (const mark of this.marks) {
      const resolved = resolveRange(this.binding, mark);
      if (!resolved) continue;
      drawn.push({ mark, isOutdated: resolved.isOutdated });
      decorations.push(rangeDecoration(mark, resolved), glyphDecoration(this.binding.model, mark, resolved));
    }
    this.drawn = drawn;
    this.decorations.set(decorations);
    this.tellPlaces();
  }

  private noticeEdit(): void {
    if (this.marks.length === 0) return;
    this.frame.request();
    this.settling.value = this.scheduler.schedule(() => {
      this.settling.value = undefined;
      this.draw();
    }, SETTLE_MS);
  }

  private tellPlaces(): void {
    const places = new Map<string, CommentPlace>();
    this.drawn.forEach(({ mark: { threadId }, isOutdated }, index) => {
      const line = this.lineOf(index);
      if (line !== undefined) places.set(threadId, { line, isOutdated });
    });
    const key = JSON.stringify([...places]);
    if (key === this.placesKey) return;
    this.placesKey = key;
    this.placesChanged.fire(places);
  }

  /** The line of the sign in the margin. */
  private lineOf(index: number): number | undefined {
    return this.decorations.getRange(2 * index + 1)?.startLineNumber;
  }

  private press({ target, event }: editor.IEditorMouseEvent): void {
    const { GUTTER_GLYPH_MARGIN } = editor.MouseTargetType;
    if (target.type !== GUTTER_GLYPH_MARGIN || !event.leftButton || !target.position) return;
    const { lineNumber } = target.position;
    const ids = this.drawn.filter((_, index) => this.lineOf(index) === lineNumber).map(({ mark }) => mark.threadId);
    if (ids.length > 0) this.pressed.fire(ids);
  }
}

/** The line below which a thread opens: nothing is selected of a line at whose beginning a range ends. */
export function lastLine({ startLineNumber, endLineNumber, endColumn }: Range): number {
  return endColumn === 1 && endLineNumber > startLineNumber ? endLineNumber - 1 : endLineNumber;
}

function rangeDecoration(
  { isResolved }: CommentMark,
  { range, isOutdated }: ResolvedRange,
): editor.IModelDeltaDecoration {
  const color = '#4DAAFC99';
  return {
    range,
    options: {
      ...(!isOutdated && !isResolved && { className: 'tutti-comment-range' }),
      ...(!isResolved && { overviewRuler: { color, darkColor: color, position: editor.OverviewRulerLane.Left } }),
      stickiness: editor.TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges,
      zIndex: 5,
    },
  };
}

function glyphDecoration(
  model: editor.ITextModel,
  { isResolved }: CommentMark,
  { range, isOutdated }: ResolvedRange,
): editor.IModelDeltaDecoration {
  const line = lastLine(range);
  const column = line === range.endLineNumber ? range.endColumn : model.getLineMaxColumn(line);
  const state = isResolved ? 'codicon-comment tutti-comment-resolved' : 'codicon-comment-unresolved';
  return {
    range: new Range(line, column, line, column),
    options: {
      glyphMarginClassName: `codicon ${state} tutti-comment-glyph`,
      showIfCollapsed: true,
      glyphMarginHoverMessage: { value: isOutdated ? 'Comment on text that is gone' : 'Comment' },
      stickiness: editor.TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges,
    },
  };
}
