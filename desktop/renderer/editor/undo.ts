import * as Y from 'yjs';
import { type Disposable, DisposableStore, toDisposable } from '../../../shared/lifecycle/index.ts';
import type { RelativeSelection } from '../../../shared/workspace/index.ts';
import { editor, type Selection } from './monaco.ts';
import {
  type OffsetSelection,
  resolveSelection,
  toModelSelection,
  toOffsets,
  toRelative,
} from './relative-selection.ts';
import type { TextBinding } from './text-binding.ts';
import { TypingRun } from './typing-run.ts';

/** Where somebody's cursors were before and after the edits of one undo step. */
interface StepSelections {
  readonly editor: editor.ICodeEditor;
  readonly before: readonly RelativeSelection[];
  after: readonly RelativeSelection[] | undefined;
}

interface TrackedSelections {
  readonly version: number;
  readonly offsets: readonly OffsetSelection[];
}

/** Steps end where Monaco says so, never by the clock. */
const CAPTURE_WITHOUT_TIMEOUT_MS = Number.MAX_SAFE_INTEGER;
const GROUP_CLOSED = 0;
const GROUP_OPEN = 1;

/**
 * Gives a model's undo and redo to a `Y.UndoManager` that knows only what was typed here,
 * so that Monaco's commands, its keys and every caller of `model.undo()` leave other people's text alone.
 * Disposing it gives the model its own undo back.
 */
export class TextUndo implements Disposable {
  private readonly binding: TextBinding;
  private readonly model: editor.ITextModel;
  private readonly undoManager: Y.UndoManager;
  private readonly disposables = new DisposableStore();
  private readonly steps = new WeakMap<object, StepSelections>();
  private readonly tracked = new Map<editor.ICodeEditor, TrackedSelections[]>();
  private readonly typing = new TypingRun();
  /** Monaco asked for a stop that the next edit may turn out not to need. */
  private isStopPending = false;
  private selectionsBefore: Omit<StepSelections, 'after'> | undefined;

  constructor(binding: TextBinding) {
    this.binding = binding;
    this.model = binding.model;
    this.undoManager = new Y.UndoManager(binding.text, {
      trackedOrigins: new Set([binding]),
      captureTimeout: CAPTURE_WITHOUT_TIMEOUT_MS,
    });
    this.disposables.add(
      toDisposable(() => {
        // Gives up the deleted text that undo kept alive.
        this.undoManager.clear();
        this.undoManager.destroy();
      }),
    );
    this.disposables.add(binding.onWillWrite((changes) => this.handleWrite(changes)));
    this.disposables.add(binding.onDidTakeIn(() => this.handleTakenIn()));
    this.undoManager.on('stack-item-added', ({ stackItem }) => this.handleStepAdded(stackItem));
    this.overrideModel();
  }

  get canUndo(): boolean {
    return this.undoManager.canUndo();
  }

  get canRedo(): boolean {
    return this.undoManager.canRedo();
  }

  undo(): void {
    this.closeGroup();
    const step = this.undoManager.undo();
    if (step) this.restore(this.steps.get(step), 'before');
  }

  redo(): void {
    this.closeGroup();
    const step = this.undoManager.redo();
    if (step) this.restore(this.steps.get(step), 'after');
  }

  /** Lets undo and redo bring back the selections of `codeEditor`, which shows the model. */
  trackEditor(codeEditor: editor.ICodeEditor): Disposable {
    const store = new DisposableStore();
    this.noteSelections(codeEditor, codeEditor.getSelections() ?? [], this.model.getVersionId());
    store.add(
      codeEditor.onDidChangeCursorSelection(
        ({ selection, secondarySelections, modelVersionId, oldModelVersionId, oldSelections, reason }) => {
          if (modelVersionId === oldModelVersionId && reason !== editor.CursorChangeReason.RecoverFromMarkers) {
            this.rememberSelectionsAfter(oldSelections ?? []);
            this.typing.noteMove();
          }
          this.noteSelections(codeEditor, [selection, ...secondarySelections], modelVersionId);
        },
      ),
    );
    store.add(toDisposable(() => this.tracked.delete(codeEditor)));
    return store;
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private overrideModel(): void {
    const { model } = this;
    const push = model.pushStackElement.bind(model);
    const pop = model.popStackElement.bind(model);
    const own = {
      undo: () => this.undo(),
      redo: () => this.redo(),
      canUndo: () => this.canUndo,
      canRedo: () => this.canRedo,
      pushStackElement: () => {
        push();
        this.requestStop();
      },
      popStackElement: () => {
        pop();
        this.isStopPending = false;
        this.undoManager.lastChange = this.canUndo ? GROUP_OPEN : GROUP_CLOSED;
      },
    };
    Object.assign(model, own);
    this.disposables.add(
      toDisposable(() => {
        // The model's class has the originals.
        for (const name of Object.keys(own)) Reflect.deleteProperty(model, name);
      }),
    );
  }

  private get isGroupOpen(): boolean {
    return this.undoManager.lastChange !== GROUP_CLOSED;
  }

  private requestStop(): void {
    this.rememberSelectionsAfter();
    if (this.typing.isOnlyInterrupted) this.isStopPending = true;
    else this.closeGroup();
  }

  private closeGroup(): void {
    this.rememberSelectionsAfter();
    this.isStopPending = false;
    this.undoManager.stopCapturing();
  }

  private handleTakenIn(): void {
    this.typing.noteTakenIn();
    // A caret whose line and column are the same as before is not announced, but it may be at another offset.
    const version = this.model.getVersionId();
    for (const codeEditor of this.tracked.keys()) {
      this.noteSelections(codeEditor, codeEditor.getSelections() ?? [], version);
    }
  }

  private handleWrite(changes: readonly editor.IModelContentChange[]): void {
    const isContinued = this.typing.take(changes);
    if (this.isStopPending && !isContinued) this.undoManager.stopCapturing();
    this.isStopPending = false;
    this.rememberSelectionsBefore();
  }

  private rememberSelectionsAfter(selections?: readonly Selection[]): void {
    if (!this.isGroupOpen || this.typing.hasMoved) return;
    const latest = this.undoManager.undoStack.at(-1);
    const step = latest && this.steps.get(latest);
    if (step?.editor.getModel() !== this.model) return;
    step.after = (selections ?? step.editor.getSelections() ?? []).map((selection) =>
      toRelative(this.binding, toOffsets(this.model, selection)),
    );
  }

  private noteSelections(codeEditor: editor.ICodeEditor, selections: readonly Selection[], version: number): void {
    if (codeEditor.getModel() !== this.model) return;
    const latest = { version, offsets: selections.map((selection) => toOffsets(this.model, selection)) };
    // A selection that follows from an edit is announced before the edit may be written: the one before it is still needed.
    const written = this.tracked.get(codeEditor)?.findLast((entry) => entry.version <= this.binding.writtenVersion);
    this.tracked.set(
      codeEditor,
      latest.version <= this.binding.writtenVersion || !written ? [latest] : [written, latest],
    );
  }

  private rememberSelectionsBefore(): void {
    this.selectionsBefore = undefined;
    if (this.isGroupOpen && this.undoManager.undoStack.length > 0) return;
    const codeEditor =
      [...this.tracked.keys()].find((candidate) => candidate.hasTextFocus()) ?? [...this.tracked.keys()].at(-1);
    if (!codeEditor) return;
    const entry = this.tracked.get(codeEditor)?.findLast(({ version }) => version <= this.binding.writtenVersion);
    if (!entry) return;
    this.selectionsBefore = {
      editor: codeEditor,
      before: entry.offsets.map((offsets) => toRelative(this.binding, offsets)),
    };
  }

  private handleStepAdded(step: object): void {
    const popped = this.undoManager.currStackItem;
    if (this.undoManager.undoing || this.undoManager.redoing) {
      // The inverse of a step has the same cursors before and after.
      const selections = popped && this.steps.get(popped);
      if (selections) this.steps.set(step, selections);
    } else if (this.selectionsBefore) {
      this.steps.set(step, { ...this.selectionsBefore, after: undefined });
      this.selectionsBefore = undefined;
    }
  }

  private restore(step: StepSelections | undefined, side: 'before' | 'after'): void {
    if (step?.editor.getModel() !== this.model) return;
    const selections = (step[side] ?? [])
      .map((selection) => resolveSelection(this.binding, selection))
      .filter((selection) => selection !== undefined)
      .map((selection) => toModelSelection(this.model, selection));
    const [primary] = selections;
    if (!primary) return;
    step.editor.setSelections(selections, side === 'before' ? 'undo' : 'redo');
    step.editor.revealRangeInCenterIfOutsideViewport(primary);
  }
}
