import {
  type Disposable,
  DisposableStore,
  Emitter,
  MutableDisposable,
  type Scheduler,
} from '../../../shared/lifecycle/index.ts';
import type { EditorModels, ModelReference, ModelState } from './editor-models.ts';
import { EDITOR_OPTIONS } from './editor-options.ts';
import { holdDuringComposition } from './composition.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { LocalSelection } from './local-selection.ts';
import { editor, type IPosition, type IRange } from './monaco.ts';
import { RemoteCursors, type RemotePeer } from './remote-cursors.ts';

export interface EditorPaneOptions {
  /** Filled by the editor. The pane follows its size. */
  readonly element: HTMLElement;
  readonly models: EditorModels;
  readonly scheduler?: Scheduler;
  /** Monaco options over the pane's own. */
  readonly options?: editor.IEditorOptions;
}

/** The cursors of this pane, packed for presence. */
export interface PaneSelections {
  readonly fileId: string;
  readonly selections: Uint8Array;
}

const LOADING_MESSAGE = 'This file is still loading.';

/** The file that a pane shows, and what exists only while it shows it. */
interface ShownFile {
  readonly reference: ModelReference;
  readonly whileShown: DisposableStore;
}

/**
 * One code editor in a page element. It shows one file at a time and keeps for each open file where one was in it.
 * It lives outside of any rendering framework: make it when the element is there, dispose it before the element goes.
 */
export class EditorPane implements Disposable {
  /** For what the pane has no method for, such as adding actions. Its model is the pane's to set. */
  readonly codeEditor: editor.IStandaloneCodeEditor;
  private readonly models: EditorModels;
  private readonly scheduler: Scheduler | undefined;
  private readonly disposables = new DisposableStore();
  private readonly didChangeSelections = this.disposables.add(new Emitter<PaneSelections>());
  private readonly didChangeState = this.disposables.add(new Emitter<ModelState>());
  /** Fires once per animation frame at most while the cursors move, and when a file is shown. */
  readonly onDidChangeSelections = this.didChangeSelections.event;
  /** Fires when the shown file's text arrives or fails to, and when another file is shown. */
  readonly onDidChangeState = this.didChangeState.event;
  private readonly references = new Map<string, ModelReference>();
  private readonly viewStates = new Map<string, editor.ICodeEditorViewState>();
  private readonly cursors = this.disposables.add(new MutableDisposable<RemoteCursors>());
  private shown: ShownFile | undefined;
  private peers: readonly RemotePeer[] = [];
  private readOnlyReason: string | undefined;

  constructor({ element, models, scheduler, options }: EditorPaneOptions) {
    this.models = models;
    this.scheduler = scheduler;
    this.codeEditor = editor.create(element, { ...EDITOR_OPTIONS, ...options, model: null });
  }

  /** The file that is shown. */
  get fileId(): string | undefined {
    return this.shown?.reference.fileId;
  }

  /** How far the shown file is loaded. */
  get state(): ModelState | undefined {
    return this.shown?.reference.state;
  }

  /** Shows a file, opening it if the pane has not done so before. Its view is as it was when it was last shown. */
  show(fileId: string, path: string): void {
    if (this.disposables.isDisposed || this.fileId === fileId) return;
    this.hide();
    const reference = this.references.get(fileId) ?? this.models.open(fileId, path);
    this.references.set(fileId, reference);
    const whileShown = new DisposableStore();
    this.shown = { reference, whileShown };
    this.codeEditor.setModel(reference.model);
    // Its text may be opened again.
    const whileReady = whileShown.add(new MutableDisposable<DisposableStore>());
    whileShown.add(reference.onDidChangeState(() => this.enterState(reference, whileReady)));
    this.enterState(reference, whileReady);
  }

  /** Forgets a file: its tab is closed. Its model goes when no other pane has it open. */
  close(fileId: string): void {
    if (this.fileId === fileId) this.hide();
    this.viewStates.delete(fileId);
    this.references.get(fileId)?.dispose();
    this.references.delete(fileId);
  }

  /** Sets the other people in the shown file. They stay set for the next file: call it again when another file is shown. */
  setPeers(peers: readonly RemotePeer[]): void {
    this.peers = peers;
    this.cursors.value?.setPeers(peers);
  }

  /** Forbids editing and tells everybody who tries why. Undefined allows it again. */
  setReadOnly(reason: string | undefined): void {
    this.readOnlyReason = reason;
    this.applyReadOnly();
  }

  focus(): void {
    this.codeEditor.focus();
  }

  /** Puts the caret to a place, or selects a range, and brings it into view. */
  reveal(target: IPosition | IRange): void {
    if ('startLineNumber' in target) {
      this.codeEditor.setSelection(target);
      this.codeEditor.revealRangeInCenterIfOutsideViewport(target);
    } else {
      this.codeEditor.setPosition(target);
      this.codeEditor.revealPositionInCenterIfOutsideViewport(target);
    }
  }

  /** Brings a peer's caret into view. False when it is not in the shown file. */
  revealPeer(presenceId: string): boolean {
    const caret = this.cursors.value?.caretOf(presenceId);
    if (caret) this.codeEditor.revealPositionInCenterIfOutsideViewport(caret);
    return caret !== undefined;
  }

  /** Runs a command of Monaco by its id, such as `undo` or `actions.find`, as if it came from a key. */
  execute(commandId: string, payload?: unknown): void {
    this.codeEditor.focus();
    this.codeEditor.trigger('command', commandId, payload);
  }

  dispose(): void {
    this.hide();
    for (const reference of this.references.values()) reference.dispose();
    this.references.clear();
    this.disposables.dispose();
    this.codeEditor.dispose();
  }

  private hide(): void {
    if (!this.shown) return;
    const { reference, whileShown } = this.shown;
    const viewState = reference.state.kind === 'ready' ? this.codeEditor.saveViewState() : null;
    if (viewState) this.viewStates.set(reference.fileId, viewState);
    this.shown = undefined;
    this.cursors.value = undefined;
    whileShown.dispose();
    this.codeEditor.setModel(null);
  }

  private enterState(reference: ModelReference, whileReady: MutableDisposable<DisposableStore>): void {
    const { state, fileId } = reference;
    this.applyReadOnly();
    this.cursors.value = undefined;
    whileReady.value = undefined;
    if (state.kind === 'ready') {
      const { binding, undo } = state;
      const viewState = this.viewStates.get(fileId);
      if (viewState) this.codeEditor.restoreViewState(viewState);
      const owned = new DisposableStore();
      whileReady.value = owned;
      owned.add(holdDuringComposition(this.codeEditor, binding));
      owned.add(undo.trackEditor(this.codeEditor));
      const selection = owned.add(new LocalSelection(this.codeEditor, binding));
      owned.add(selection.onDidChange((selections) => this.didChangeSelections.fire({ fileId, selections })));
      const { codeEditor, scheduler } = this;
      this.cursors.value = new RemoteCursors(scheduler ? { codeEditor, binding, scheduler } : { codeEditor, binding });
      this.cursors.value.setPeers(this.peers);
    }
    this.didChangeState.fire(state);
  }

  private applyReadOnly(): void {
    const state = this.shown?.reference.state;
    const message =
      state?.kind === 'failed'
        ? state.error.message
        : state?.kind === 'loading'
          ? LOADING_MESSAGE
          : this.readOnlyReason;
    this.codeEditor.updateOptions(
      message === undefined
        ? { readOnly: false, readOnlyMessage: { value: '' } }
        : { readOnly: true, readOnlyMessage: { value: escapeMarkdown(message) } },
    );
    // What somebody was told who tried to type is not true any more.
    if (message === undefined) this.codeEditor.trigger('read-only', 'leaveEditorMessage', undefined);
  }
}
