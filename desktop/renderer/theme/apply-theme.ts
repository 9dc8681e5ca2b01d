import { type Disposable, DisposableStore, toDisposable } from '../../../shared/lifecycle/index.ts';
import type { ThemeKind, ThemeSetting } from './theme-setting.ts';

/** A setting that can be watched. */
export interface ThemeSource {
  get(): ThemeSetting;
  subscribe(listener: () => void): Disposable;
}

const PREFERS_DARK = '(prefers-color-scheme: dark)';

/**
 * Keeps `data-theme` of `root` at the look that the setting and the system ask for, and tells `onDidChange` the look at
 * once and after every change, so that editors can follow.
 */
export function applyTheme(
  root: HTMLElement,
  source: ThemeSource,
  onDidChange?: (kind: ThemeKind) => void,
): Disposable {
  const store = new DisposableStore();
  const query = window.matchMedia(PREFERS_DARK);
  const update = () => {
    const kind = resolveTheme(source.get(), query.matches);
    if (root.dataset['theme'] === kind) return;
    root.dataset['theme'] = kind;
    onDidChange?.(kind);
  };
  query.addEventListener('change', update);
  store.add(toDisposable(() => query.removeEventListener('change', update)));
  store.add(source.subscribe(update));
  store.add(toDisposable(() => delete root.dataset['theme']));
  update();
  return store;
}

/** The look for a setting, given what the system prefers. */
export function resolveTheme(setting: ThemeSetting, isSystemDark: boolean): ThemeKind {
  if (setting === 'system') return isSystemDark ? 'dark' : 'light';
  return setting;
}
