import '@vscode/codicons/dist/codicon.css';
import './dark-modern.css';
import './light-modern.css';
import './presence-colors.css';
import './base.css';

export { applyTheme, resolveTheme, type ThemeSource } from './apply-theme.ts';
export { PRESENCE_COLOR_COUNT, presenceColor, presenceColorIndex, presenceTextColor } from './presence-palette.ts';
export type { ThemeKind, ThemeSetting } from './theme-setting.ts';
