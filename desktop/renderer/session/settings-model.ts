import type { ThemeSetting } from '../theme/theme-setting.ts';
import { ObservableValue } from '../ui/observable.ts';
import type { SettingsModel } from '../ui/workbench-model.ts';

const THEME_KEY = 'tutti.theme';

/** Settings of this window's origin, kept in its local storage. */
export class SettingsStore implements SettingsModel {
  readonly theme = new ObservableValue<ThemeSetting>(readTheme(window.localStorage.getItem(THEME_KEY)));

  setTheme(theme: ThemeSetting): void {
    window.localStorage.setItem(THEME_KEY, theme);
    this.theme.set(theme);
  }
}

function readTheme(value: string | null): ThemeSetting {
  return value === 'dark' || value === 'light' ? value : 'system';
}
