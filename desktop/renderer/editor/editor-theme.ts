import { editor } from './monaco.ts';
import type { EditorTheme } from './themes.ts';

/** Sets the theme of all editors in this window; Monaco has one for all. */
export function setEditorTheme(theme: EditorTheme): void {
  editor.setTheme(theme);
}
