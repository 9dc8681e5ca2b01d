import { describe, expect, it } from 'vitest';
import { formatKeybinding, type KeyPress, matchesKeybinding } from './keybinding.ts';

function press(key: string, held: Partial<KeyPress> = {}): KeyPress {
  return { key, code: '', ctrlKey: false, shiftKey: false, altKey: false, metaKey: false, ...held };
}

describe('matchesKeybinding', () => {
  it('reads Mod as Ctrl, and as Cmd on a Mac', () => {
    expect(matchesKeybinding('Mod+P', press('p', { ctrlKey: true }), 'linux')).toBe(true);
    expect(matchesKeybinding('Mod+P', press('p', { ctrlKey: true }), 'mac')).toBe(false);
    expect(matchesKeybinding('Mod+P', press('p', { metaKey: true }), 'mac')).toBe(true);
  });

  it('wants exactly the modifiers that are written', () => {
    expect(matchesKeybinding('Mod+Shift+P', press('P', { ctrlKey: true, shiftKey: true }), 'linux')).toBe(true);
    expect(matchesKeybinding('Mod+P', press('P', { ctrlKey: true, shiftKey: true }), 'linux')).toBe(false);
    expect(matchesKeybinding('F1', press('F1'), 'linux')).toBe(true);
    expect(matchesKeybinding('F1', press('F1', { altKey: true }), 'linux')).toBe(false);
  });

  it('goes by the place of the key on layouts without Latin letters', () => {
    expect(matchesKeybinding('Mod+P', press('з', { ctrlKey: true, code: 'KeyP' }), 'linux')).toBe(true);
    expect(matchesKeybinding('Mod+P', press('l', { ctrlKey: true, code: 'KeyP' }), 'linux')).toBe(false);
  });

  it('refuses text that is no keybinding', () => {
    expect(() => matchesKeybinding('Control+P', press('p'), 'linux')).toThrow('not a keybinding');
    expect(() => matchesKeybinding('Mod+', press('p'), 'linux')).toThrow('not a keybinding');
  });
});

describe('formatKeybinding', () => {
  it('writes keys as the system does', () => {
    expect(formatKeybinding('Mod+Shift+P', 'windows')).toBe('Ctrl+Shift+P');
    expect(formatKeybinding('Mod+Shift+P', 'mac')).toBe('⇧⌘P');
  });
});
