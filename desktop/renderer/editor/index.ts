/**
 * The editor: Monaco, bound to shared texts.
 *
 * Showing files: EditorModels has one Monaco model for each open file, EditorPane shows them in a page element.
 */
export {
  EditorModels,
  type EditorModelsOptions,
  type ModelReference,
  type ModelState,
  type OpenDocument,
} from './editor-models.ts';
export { EditorPane, type EditorPaneOptions, type PaneSelections } from './editor-pane.ts';

/** Two texts beside each other, with who wrote what. */
export { type DifferenceTexts, type DifferenceView, showDifference } from './difference-view.ts';
export type { AuthoredPart } from './author-marks.ts';

/** Edits of several people that met at one place. */
export { type OverlapMark, OverlapMarks, type OverlapMarksOptions } from './overlap-marks.ts';

/** The text: a model and a `Y.Text` kept identical; undo of one's own edits only; input methods left in peace. */
export { bindText, LINE_ENDING_NORMALISATION, TextBinding, type TextBindingOptions } from './text-binding.ts';
export { TextUndo } from './undo.ts';
export { holdDuringComposition } from './composition.ts';

/** Cursors: one's own, packed for presence, and everybody else's. */
export { LocalSelection } from './local-selection.ts';
export { RemoteCursors, type RemoteCursorsOptions, type RemotePeer } from './remote-cursors.ts';
export { PEER_COLORS, type PeerColor, peerColorIndex } from './peer-colors.ts';

/** Comments: the commented ranges of a file, what is commented on, and room for a thread between the lines. */
export {
  CommentMarks,
  type CommentMark,
  type CommentMarksOptions,
  type CommentPlace,
  lastLine,
} from './comment-marks.ts';
export { anchorRange, rangeToComment } from './comment-anchor.ts';
export { LineZone } from './line-zone.ts';

/** Looks and languages. */
export { DARK_THEME, type EditorTheme, LIGHT_THEME } from './themes.ts';
export { setEditorTheme } from './editor-theme.ts';
export { languageForPath, PLAIN_TEXT } from './language-for-path.ts';

/** Monaco itself, for parts of the window that add commands, keys or markers. Nothing outside of this folder imports it. */
export {
  editor as monacoEditor,
  KeyCode,
  KeyMod,
  languages as monacoLanguages,
  Position,
  Range,
  Selection,
} from './monaco.ts';
