import { type Disposable, DisposableStore } from '../../../../shared/lifecycle/index.ts';
import type { Command } from '../../commands/index.ts';
import type { WorkbenchServices } from './workbench-services.ts';
import { accessCommands } from './commands/access-commands.ts';
import { changesCommands } from './commands/changes-commands.ts';
import { editorCommands } from './commands/editor-commands.ts';
import { explorerCommands } from './commands/explorer-commands.ts';
import { mirrorCommands } from './commands/mirror-commands.ts';
import { roomCommands } from './commands/room-commands.ts';
import { storageCommands } from './commands/storage-commands.ts';
import { talkCommands } from './commands/talk-commands.ts';
import { viewCommands } from './commands/view-commands.ts';

/** Registers every command of the workbench until the result is disposed. */
export function registerCommands(services: WorkbenchServices): Disposable {
  const store = new DisposableStore();
  const all: readonly Command[] = [
    ...viewCommands(services),
    ...explorerCommands(services),
    ...editorCommands(services),
    ...roomCommands(services),
    ...accessCommands(services),
    ...talkCommands(services),
    ...mirrorCommands(services),
    ...storageCommands(services),
    ...changesCommands(services),
  ];
  for (const command of all) store.add(services.commands.register(command));
  return store;
}
