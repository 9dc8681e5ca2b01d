/** Something a person can do, from a menu, by a key or from the command palette. */
export interface Command {
  /** Stable, such as `explorer.newFile`. */
  readonly id: string;
  readonly title: string;
  readonly category?: string;
  /** In the notation of `keybinding.ts`; the first one is shown. */
  readonly keybindings?: readonly string[];
  /** A key that does the same, but belongs to whatever has the focus: shown where the command has no keybinding of its own. */
  readonly keyHint?: string;
  /** Leaves the command out of the palette when it makes sense only in one place. */
  readonly isHidden?: boolean;
  /** Whether it can run right now; absent means always. */
  when?(): boolean;
  /** Must report its own failures to the person. */
  run(): void | Promise<void>;
}

/** The key to show beside a command, in the notation of `keybinding.ts`. */
export function shownKeybinding({ keybindings, keyHint }: Command): string | undefined {
  return keybindings?.[0] ?? keyHint;
}
