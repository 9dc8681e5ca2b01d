import { type Disposable, DisposableStore, Emitter } from '../../../shared/lifecycle/index.ts';
import { encodeSelections, MAX_SHARED_SELECTIONS } from '../../../shared/workspace/index.ts';
import { AnimationFrameTask } from './animation-frame.ts';
import type { editor } from './monaco.ts';
import { toOffsets, toRelative } from './relative-selection.ts';
import type { TextBinding } from './text-binding.ts';

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Tells where the cursors of one editor are, packed for presence, once per animation frame and only when it changed. */
export class LocalSelection implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly didChange = this.disposables.add(new Emitter<Uint8Array>());
  readonly onDidChange = this.didChange.event;
  private readonly codeEditor: editor.ICodeEditor;
  private readonly binding: TextBinding;
  private sent: Uint8Array | undefined;

  constructor(codeEditor: editor.ICodeEditor, binding: TextBinding) {
    this.codeEditor = codeEditor;
    this.binding = binding;
    const frame = this.disposables.add(new AnimationFrameTask(() => this.announce()));
    this.disposables.add(codeEditor.onDidChangeCursorSelection(() => frame.request()));
    frame.request();
  }

  /** The present selections, packed. Undefined while the editor shows another model. */
  current(): Uint8Array | undefined {
    const { model } = this.binding;
    if (this.codeEditor.getModel() !== model) return undefined;
    const selections = (this.codeEditor.getSelections() ?? []).slice(0, MAX_SHARED_SELECTIONS);
    return encodeSelections(selections.map((selection) => toRelative(this.binding, toOffsets(model, selection))));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private announce(): void {
    const selections = this.current();
    if (!selections || (this.sent && isEqual(this.sent, selections))) return;
    this.sent = selections;
    this.didChange.fire(selections);
  }
}
