import { type Disposable, DisposableStore, MutableDisposable } from '../../../shared/lifecycle/index.ts';
import type { editor } from './monaco.ts';
import type { TextBinding } from './text-binding.ts';

/**
 * Keeps other people's edits out of the model while an input method composes in `codeEditor`:
 * Monaco replaces the text just before the caret at every step of a composition, whoever wrote it.
 */
export function holdDuringComposition(codeEditor: editor.ICodeEditor, binding: TextBinding): Disposable {
  const store = new DisposableStore();
  const hold = store.add(new MutableDisposable());
  const release = (): void => {
    hold.value = undefined;
  };
  store.add(
    codeEditor.onDidCompositionStart(() => {
      hold.value ??= binding.hold();
    }),
  );
  store.add(codeEditor.onDidCompositionEnd(release));
  store.add(codeEditor.onDidChangeModel(release));
  store.add(codeEditor.onDidDispose(release));
  return store;
}
