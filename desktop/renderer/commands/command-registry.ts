import {
  type Disposable,
  Emitter,
  type Event,
  reportUnexpectedError,
  toDisposable,
} from '../../../shared/lifecycle/index.ts';
import type { Command } from './command.ts';

/** All commands of one window. Menus, keys and the palette read from here and run by id. */
export class CommandRegistry {
  private readonly commands = new Map<string, Command>();
  private readonly changed = new Emitter<void>();

  /** Fires after a command was added or removed. */
  readonly onDidChange: Event<void> = this.changed.event;

  /** Adds a command until the result is disposed. Throws when the id is taken. */
  register(command: Command): Disposable {
    if (this.commands.has(command.id)) throw new Error(`The command "${command.id}" is registered already.`);
    this.commands.set(command.id, command);
    this.changed.fire();
    return toDisposable(() => {
      this.commands.delete(command.id);
      this.changed.fire();
    });
  }

  get(id: string): Command | undefined {
    return this.commands.get(id);
  }

  isEnabled(id: string): boolean {
    const command = this.commands.get(id);
    return command !== undefined && (command.when?.() ?? true);
  }

  /** In the order of registration. */
  list(): readonly Command[] {
    return [...this.commands.values()];
  }

  /** Runs the command and returns true; false when it is unknown or not possible now. */
  run(id: string): boolean {
    const command = this.commands.get(id);
    if (!command || !this.isEnabled(id)) return false;
    void start(command);
    return true;
  }
}

async function start(command: Command): Promise<void> {
  try {
    await command.run();
  } catch (error) {
    reportUnexpectedError(new Error(`The command "${command.id}" failed.`, { cause: error }));
  }
}
