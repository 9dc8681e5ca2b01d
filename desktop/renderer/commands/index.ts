export { type Command, shownKeybinding } from './command.ts';
export { CommandRegistry } from './command-registry.ts';
export { type FuzzyMatch, fuzzyMatch } from './fuzzy-match.ts';
export { formatKeybinding, keybindingParts, type KeyboardOs, type KeyPress, matchesKeybinding } from './keybinding.ts';
export { commandForKey, listenForKeybindings } from './keybinding-service.ts';
