/** Which system's keys are meant: `Mod` is Cmd on a Mac and Ctrl elsewhere. */
export type KeyboardOs = 'mac' | 'windows' | 'linux';

/** What of a `KeyboardEvent` decides about a keybinding. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

interface Keybinding {
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
  readonly meta: boolean;
  readonly key: string;
}

const MODIFIERS = ['Mod', 'Ctrl', 'Shift', 'Alt', 'Meta'];

/** Whether `press` is the keybinding `text`, such as `Mod+Shift+P`, `F1` or `Mod+\`. Throws when `text` is malformed. */
export function matchesKeybinding(text: string, press: KeyPress, os: KeyboardOs): boolean {
  const wanted = parseKeybinding(text, os);
  return (
    wanted.ctrl === press.ctrlKey &&
    wanted.shift === press.shiftKey &&
    wanted.alt === press.altKey &&
    wanted.meta === press.metaKey &&
    isKey(wanted.key, press)
  );
}

/** The keybinding as the system's users write it, one part per key. */
export function keybindingParts(text: string, os: KeyboardOs): readonly string[] {
  const { ctrl, shift, alt, meta, key } = parseKeybinding(text, os);
  const isMac = os === 'mac';
  const parts: string[] = [];
  if (ctrl) parts.push(isMac ? '⌃' : 'Ctrl');
  if (shift) parts.push(isMac ? '⇧' : 'Shift');
  if (alt) parts.push(isMac ? '⌥' : 'Alt');
  if (meta) parts.push(isMac ? '⌘' : 'Win');
  parts.push(KEY_NAMES.get(key) ?? key);
  return parts;
}

/** {@link keybindingParts} as one text, for titles. */
export function formatKeybinding(text: string, os: KeyboardOs): string {
  return keybindingParts(text, os).join(os === 'mac' ? '' : '+');
}

const KEY_NAMES = new Map([
  ['ArrowUp', '↑'],
  ['ArrowDown', '↓'],
  ['ArrowLeft', '←'],
  ['ArrowRight', '→'],
]);

function parseKeybinding(text: string, os: KeyboardOs): Keybinding {
  const parts = text.split('+');
  const key = parts.at(-1) ?? '';
  const modifiers = parts.slice(0, -1);
  if (key === '' || modifiers.some((modifier) => !MODIFIERS.includes(modifier))) {
    throw new Error(
      `"${text}" is not a keybinding: write modifiers (${MODIFIERS.join(', ')}) and one key, joined by +.`,
    );
  }
  const hasMod = modifiers.includes('Mod');
  return {
    ctrl: modifiers.includes('Ctrl') || (hasMod && os !== 'mac'),
    shift: modifiers.includes('Shift'),
    alt: modifiers.includes('Alt'),
    meta: modifiers.includes('Meta') || (hasMod && os === 'mac'),
    key,
  };
}

function isKey(wanted: string, press: KeyPress): boolean {
  if (/^[A-Z]$/.test(wanted)) {
    // On a layout without Latin letters the key's place decides, as the letter it types cannot.
    return /^[a-z]$/i.test(press.key) ? press.key.toUpperCase() === wanted : press.code === `Key${wanted}`;
  }
  if (/^[0-9]$/.test(wanted)) return press.code === `Digit${wanted}`;
  return press.key === wanted;
}
