import type { editor } from './monaco.ts';

/** How every code editor is set up; VS Code's defaults unless there is a reason. */
export const EDITOR_OPTIONS: editor.IStandaloneEditorConstructionOptions = {
  automaticLayout: true,
  // Of the two ways to take in text, the one whose behaviour under input methods is known on all platforms.
  editContext: false,
  fixedOverflowWidgets: true,
  fontFamily: "'Cascadia Code', Consolas, 'SF Mono', Menlo, Monaco, 'DejaVu Sans Mono', 'Liberation Mono', monospace",
  fontSize: 14,
  glyphMargin: true,
  minimap: { enabled: true, renderCharacters: true },
  bracketPairColorization: { enabled: true },
  guides: { bracketPairs: 'active', indentation: true },
  stickyScroll: { enabled: true },
  smoothScrolling: true,
  cursorSmoothCaretAnimation: 'off',
  scrollBeyondLastLine: true,
  padding: { top: 4 },
  multiCursorModifier: 'alt',
  renderWhitespace: 'selection',
  unicodeHighlight: { ambiguousCharacters: true, invisibleCharacters: true },
  // Monaco would offer to delete what somebody else may have put there on purpose.
  unusualLineTerminators: 'off',
  wordBasedSuggestions: 'currentDocument',
  dropIntoEditor: { enabled: false },
  contextmenu: true,
  links: true,
};
