import { type Disposable, toDisposable } from '../../../shared/lifecycle/index.ts';
import type { CommandRegistry } from './command-registry.ts';
import { type KeyboardOs, type KeyPress, matchesKeybinding } from './keybinding.ts';

/** Id of the command that `press` stands for and that can run now; the one registered last wins. */
export function commandForKey(registry: CommandRegistry, press: KeyPress, os: KeyboardOs): string | undefined {
  return registry
    .list()
    .toReversed()
    .find(
      ({ id, keybindings }) =>
        keybindings?.some((keybinding) => matchesKeybinding(keybinding, press, os)) && registry.isEnabled(id),
    )?.id;
}

/**
 * Runs commands by their keys while the focus is anywhere in `target`'s window. Keys of commands win over those of
 * editors and inputs below; while text is being composed, and while a modal dialog is open, no key is taken.
 */
export function listenForKeybindings(target: Window, registry: CommandRegistry, os: KeyboardOs): Disposable {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || event.defaultPrevented) return;
    if (event.target instanceof Element && event.target.closest('[role="dialog"],[role="alertdialog"]')) return;
    const id = commandForKey(registry, event, os);
    if (id === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    registry.run(id);
  };
  target.addEventListener('keydown', onKeyDown, { capture: true });
  return toDisposable(() => target.removeEventListener('keydown', onKeyDown, { capture: true }));
}
