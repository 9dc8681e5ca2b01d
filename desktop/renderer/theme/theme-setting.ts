/** The choice of a person: one of the two looks, or the one the system prefers. */
export type ThemeSetting = 'system' | 'dark' | 'light';

/** The look that is shown. */
export type ThemeKind = 'dark' | 'light';
