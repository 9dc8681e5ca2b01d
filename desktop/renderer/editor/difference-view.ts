import { type Disposable, DisposableStore } from '../../../shared/lifecycle/index.ts';
import { type AuthoredPart, authorDecorations } from './author-marks.ts';
import { EDITOR_OPTIONS } from './editor-options.ts';
import { applyLanguage, PLAIN_TEXT } from './language-for-path.ts';
import { editor } from './monaco.ts';

export interface DifferenceTexts {
  /** Decides the language. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** Who wrote what of `after`. */
  readonly authors?: readonly AuthoredPart[];
}

/** Shows two texts and what differs, to read only. Fills `element` and follows its size. */
export function showDifference(
  element: HTMLElement,
  { path, before, after, authors = [] }: DifferenceTexts,
): Disposable {
  const store = new DisposableStore();
  const original = store.add(editor.createModel(before, PLAIN_TEXT));
  const modified = store.add(editor.createModel(after, PLAIN_TEXT));
  for (const model of [original, modified]) applyLanguage(model, path);
  const view = editor.createDiffEditor(element, {
    ...EDITOR_OPTIONS,
    readOnly: true,
    originalEditable: false,
    renderSideBySide: true,
    diffWordWrap: 'on',
    useInlineViewWhenSpaceIsLimited: true,
    hideUnchangedRegions: { enabled: true },
    // Nothing is in it here, and Monaco still asks for its entries after the editor has gone.
    renderGutterMenu: false,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
  });
  // One that Monaco makes by itself outlives the editor: it would miss the models while it still compares them.
  const viewModel = view.createViewModel({ original, modified });
  view.setModel(viewModel);
  view.getModifiedEditor().createDecorationsCollection(authorDecorations(modified, authors));
  return {
    dispose: () => {
      view.dispose();
      viewModel.dispose();
      store.dispose();
    },
  };
}
