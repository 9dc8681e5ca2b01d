import * as Y from 'yjs';
import {
  type Disposable,
  DisposableStore,
  Emitter,
  MutableDisposable,
  type Scheduler,
  systemScheduler,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { editor, type IPosition, Range } from './monaco.ts';
import { resolvePosition } from './relative-selection.ts';
import type { TextBinding } from './text-binding.ts';
import './changes.css';

/** Lines that two people changed without knowing of each other. */
export interface OverlapMark {
  /** Tells it apart from the others of the file. */
  readonly key: string;
  /** Yjs relative positions in JSON. */
  readonly start: unknown;
  readonly end: unknown;
}

export interface OverlapMarksOptions {
  readonly codeEditor: editor.ICodeEditor;
  readonly binding: TextBinding;
  readonly scheduler?: Scheduler;
}

/** How long the text is left alone before places are looked up in it again; until then Monaco carries them along. */
const SETTLE_MS = 300;
/** What moves the caret without that anybody looks. */
const UNATTENDED_SOURCES: ReadonlySet<string> = new Set(['api', 'model', 'modelChange', 'restoreState']);

/** Marks places in the margin and the ruler of one editor, and tells when somebody looks at one or asks about it. */
export class OverlapMarks implements Disposable {
  private readonly codeEditor: editor.ICodeEditor;
  private readonly binding: TextBinding;
  private readonly scheduler: Scheduler;
  private readonly disposables = new DisposableStore();
  private readonly visited = this.disposables.add(new Emitter<string>());
  private readonly pressed = this.disposables.add(new Emitter<void>());
  private readonly settling = this.disposables.add(new MutableDisposable());
  private readonly decorations: editor.IEditorDecorationsCollection;
  private marks: readonly OverlapMark[] = [];
  private hover = '';
  /** In the order of the decorations. */
  private drawn: readonly OverlapMark[] = [];

  /** Fires with the key of a mark whose lines somebody has put the caret into. */
  readonly onDidVisit = this.visited.event;
  /** Fires when the sign of a mark in the margin was pressed. */
  readonly onDidPress = this.pressed.event;

  constructor({ codeEditor, binding, scheduler = systemScheduler }: OverlapMarksOptions) {
    this.codeEditor = codeEditor;
    this.binding = binding;
    this.scheduler = scheduler;
    this.decorations = codeEditor.createDecorationsCollection();
    this.disposables.add(toDisposable(() => this.decorations.clear()));
    this.disposables.add(codeEditor.onDidChangeModelContent(() => this.noticeEdit()));
    this.disposables.add(codeEditor.onMouseDown((event) => this.press(event)));
    this.disposables.add(
      codeEditor.onDidChangeCursorPosition(({ source, position }) => {
        if (!UNATTENDED_SOURCES.has(source)) this.visit(position);
      }),
    );
  }

  /** `hover` says what the marks are; it is shown as text. */
  setMarks(marks: readonly OverlapMark[], hover: string): void {
    if (hover === this.hover && isSame(marks, this.marks)) return;
    this.marks = marks;
    this.hover = hover;
    this.draw();
  }

  /** The mark that follows or precedes the caret, around the ends of the file; undefined when there is none. */
  neighbour(direction: 'next' | 'previous'): { readonly key: string; readonly range: Range } | undefined {
    const caret = this.codeEditor.getPosition();
    const placed = this.placed().toSorted((a, b) => Range.compareRangesUsingStarts(a.range, b.range));
    if (!caret) return placed[0];
    const isAfter = ({ range }: { readonly range: Range }) => range.startLineNumber > caret.lineNumber;
    const isBefore = ({ range }: { readonly range: Range }) => range.endLineNumber < caret.lineNumber;
    return direction === 'next' ? (placed.find(isAfter) ?? placed[0]) : (placed.findLast(isBefore) ?? placed.at(-1));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private draw(): void {
    const drawn: OverlapMark[] = [];
    const decorations: editor.IModelDeltaDecoration[] = [];
    for (const mark of this.marks) {
      const range = this.resolve(mark);
      if (!range) continue;
      drawn.push(mark);
      decorations.push(decorationFor(range, this.hover));
    }
    this.drawn = drawn;
    this.decorations.set(decorations);
  }

  private resolve({ start, end }: OverlapMark): Range | undefined {
    const [from, to] = [this.resolveOffset(start), this.resolveOffset(end)];
    if (from === undefined || to === undefined) return undefined;
    const { model } = this.binding;
    const first = model.getPositionAt(Math.min(from, to));
    const last = model.getPositionAt(Math.max(from, to));
    // Nothing is meant of a line at whose beginning a place ends.
    const endLine = last.column === 1 && last.lineNumber > first.lineNumber ? last.lineNumber - 1 : last.lineNumber;
    return new Range(first.lineNumber, 1, endLine, model.getLineMaxColumn(endLine));
  }

  private resolveOffset(json: unknown): number | undefined {
    try {
      const index = resolvePosition(this.binding.text, Y.createRelativePositionFromJSON(json));
      return index === undefined ? undefined : this.binding.toModelOffset(index);
    } catch {
      // No position: a mark less is all that follows from it.
      return undefined;
    }
  }

  private noticeEdit(): void {
    if (this.marks.length === 0) return;
    this.settling.value = this.scheduler.schedule(() => {
      this.settling.value = undefined;
      this.draw();
    }, SETTLE_MS);
  }

  private placed(): readonly { readonly key: string; readonly range: Range }[] {
    return this.drawn.flatMap(({ key }, index) => {
      const range = this.decorations.getRange(index);
      return range ? [{ key, range }] : [];
    });
  }

  private at(lineNumber: number): readonly string[] {
    return this.placed()
      .filter(({ range }) => range.startLineNumber <= lineNumber && lineNumber <= range.endLineNumber)
      .map(({ key }) => key);
  }

  private visit({ lineNumber }: IPosition): void {
    for (const key of this.at(lineNumber)) this.visited.fire(key);
  }

  private press({ target, event }: editor.IEditorMouseEvent): void {
    if (target.type !== editor.MouseTargetType.GUTTER_GLYPH_MARGIN || !event.leftButton || !target.position) return;
    const isSign = target.element?.classList.contains('tutti-overlap-glyph') ?? false;
    if (isSign && this.at(target.position.lineNumber).length > 0) this.pressed.fire();
  }
}

function isSame(a: readonly OverlapMark[], b: readonly OverlapMark[]): boolean {
  return a.length === b.length && a.every(({ key }, index) => key === b[index]?.key);
}

function decorationFor(range: Range, hover: string): editor.IModelDeltaDecoration {
  const color = '#9A6B00';
  const darkColor = '#CCA700';
  return {
    range,
    options: {
      isWholeLine: true,
      linesDecorationsClassName: 'tutti-overlap-line',
      glyphMarginClassName: 'codicon codicon-git-compare tutti-overlap-glyph',
      glyphMarginHoverMessage: { value: escapeMarkdown(hover) },
      lineNumberHoverMessage: { value: escapeMarkdown(hover) },
      overviewRuler: { color, darkColor, position: editor.OverviewRulerLane.Full },
      stickiness: editor.TrackedRangeStickiness.NeverGrowsWhenTypingAtEdges,
      zIndex: 15,
    },
  };
}
